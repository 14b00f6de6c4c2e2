import ModelStore
import Testing

/// One way to spoil a good model file.
struct HostileFile: Sendable, CustomTestStringConvertible {
    let name: String
    /// Part of the reason that must be given.
    let reason: String
    let spoil: @Sendable (Archive) -> [UInt8]

    init(_ name: String, _ reason: String, _ spoil: @escaping @Sendable (Archive) -> [UInt8]) {
        self.name = name
        self.reason = reason
        self.spoil = spoil
    }

    /// Replaces text of the header.
    init(_ name: String, _ reason: String, _ old: String, _ new: String) {
        self.init(name, reason) { $0.replacing(old, with: new).bytes }
    }

    var testDescription: String { name }
}

extension HostileFile {
    /// Every way we know.
    static let all: [HostileFile] = [
        HostileFile("empty", "needs 8 bytes") { _ in [] },
        HostileFile("seven bytes", "needs 8 bytes") { Array($0.bytes[..<7]) },
        HostileFile("cut in the header", "truncated: header") { Array($0.bytes[..<100]) },
        HostileFile("cut in the data", "truncated: data") { Array($0.bytes.dropLast(1)) },
        HostileFile("all zeros", "header length is 0") { _ in Array(repeating: 0, count: 64) },
        HostileFile("all ones", "header length is") { _ in Array(repeating: 0xFF, count: 64) },
        HostileFile("header length of 2⁶³", "header length is 9223372036854775808") {
            var archive = $0
            archive.statedLength = 1 << 63
            return archive.bytes
        },
        HostileFile("header longer than the file", "truncated: header needs 90000008") {
            var archive = $0
            archive.statedLength = 90_000_000
            return archive.bytes
        },
        HostileFile("header one byte short", "the header is not valid JSON") {
            var archive = $0
            archive.header = archive.header.replacing(" ", with: "")
            archive.statedLength = UInt64(archive.header.utf8.count - 1)
            return archive.bytes
        },
        HostileFile("a pickle", "header length is") { _ in
            [0x80, 4, 0x95, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x7D]
        },
        HostileFile("header of white space first", "does not start with {") {
            var archive = $0
            archive.header = " " + archive.header
            return archive.bytes
        },
        HostileFile("header is a list", "does not start with {") {
            var archive = $0
            archive.header = "[]"
            return archive.bytes
        },
        HostileFile("header nested 10,000 deep", "deeper than 64 levels") {
            var archive = $0
            archive.header = "{\"a\":" + String(repeating: "[", count: 10_000)
            return archive.bytes
        },
        HostileFile("header not UTF-8", "not valid UTF-8") {
            var bytes = $0.bytes
            bytes[12] = 0xFF
            return bytes
        },
        HostileFile(
            "a tensor twice",
            "appears twice",
            "\"transforms.1.context.bias\"",
            "\"transforms.0.context.bias\""
        ),
        HostileFile("no metadata", "__metadata__ has no", "\"posterior\"", "\"prior\""),
        HostileFile(
            "metadata no strings",
            "something else than strings",
            "{\"posterior\":",
            "{\"x\":1,\"posterior\":"
        ),
        HostileFile("metadata a list", "__metadata__ is not an object") {
            var archive = $0
            archive.header = "{\"__metadata__\":[]}"
            archive.data = []
            return archive.bytes
        },
        HostileFile(
            "half precision",
            "dtype F16 is not F32",
            "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\"",
            "\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\""
        ),
        HostileFile(
            "no dtype",
            "dtype is missing",
            "\"dtype\":\"F32\",\"shape\":[2],",
            "\"shape\":[2],"
        ),
        HostileFile(
            "an extra key",
            "strides is not a known field",
            "\"shape\":[2],",
            "\"shape\":[2],\"strides\":[1],"
        ),
        HostileFile(
            "negative extent",
            "shape[0]: expected an integer",
            "\"shape\":[2],",
            "\"shape\":[-2],"
        ),
        HostileFile(
            "fractional extent",
            "shape[0]: expected an integer",
            "\"shape\":[2],",
            "\"shape\":[2.5],"
        ),
        HostileFile(
            "extents that overflow",
            "is too large",
            "\"shape\":[2],",
            "\"shape\":[4611686018427387904,4611686018427387904],"
        ),
        HostileFile(
            "extents that wrap to the size",
            "is too large",
            "\"shape\":[2],",
            "\"shape\":[4611686018427387906],"
        ),
        HostileFile(
            "more extents than sense",
            "more than 8 axes",
            "\"shape\":[2],",
            "\"shape\":[1,1,1,1,1,1,1,1,2],"
        ),
        HostileFile("shape of another size", "takes 12 bytes", "\"shape\":[2],", "\"shape\":[3],"),
        HostileFile("offsets turned round", "not [begin, end]") {
            $0.spoilingFirstOffsets { "[\($1),\($0)]" }
        },
        HostileFile("three offsets", "not [begin, end]") {
            $0.spoilingFirstOffsets { "[\($0),\($1),\($1)]" }
        },
        HostileFile("negative offset", "data_offsets[0]: expected an integer") {
            $0.spoilingFirstOffsets { "[-\($1),\($0)]" }
        },
        HostileFile("offset of 2⁶³", "data_offsets[1]: expected an integer") {
            $0.spoilingFirstOffsets { first, _ in "[\(first),9223372036854775808]" }
        },
        HostileFile("a hole", "after a hole") {
            $0.spoilingFirstOffsets { "[\($0 + 4),\($1 + 4)]" }
        },
        HostileFile(
            "an overlap",
            "inside another tensor",
            "\"data_offsets\":[8,16]",
            "\"data_offsets\":[0,8]"
        ),
        HostileFile("bytes after the last tensor", "4 bytes follow the last tensor") {
            $0.bytes + [0, 0, 0, 0]
        },
        HostileFile("a NaN", "index 1 is nan") { $0.settingFloat(1, to: 0x7FC0_0000) },
        HostileFile("a signalling NaN", "index 0 is") { $0.settingFloat(0, to: 0x7F80_0001) },
        HostileFile("an infinity", "index 1 is -inf") { $0.settingFloat(1, to: 0xFF80_0000) },
        HostileFile(
            "a tensor of another name",
            "is missing",
            "transforms.0.initial.bias",
            "transforms.0.initial.bios"
        ),
        HostileFile(
            "metadata not JSON",
            "metadata is not valid JSON",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":01"
        ),
        HostileFile(
            "metadata nested deep",
            "deeper than 64 levels",
            "\\\"format_version\\\":1",
            "\\\"x\\\":" + String(repeating: "[", count: 100)
        ),
        HostileFile(
            "no format version",
            "format_version is missing",
            "\\\"format_version\\\":1,",
            ""
        ),
        HostileFile(
            "a later format",
            "format_version 3 is newer",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":3"
        ),
        HostileFile(
            "an unknown support",
            "support: expected \"unconstrained\" or \"truncated\"",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":2,\\\"support\\\":\\\"half\\\""
        ),
        HostileFile(
            "an unknown standardisation",
            "standardization.theta: expected",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":2,\\\"standardization\\\":{\\\"theta\\\":\\\"rank\\\"}"
        ),
        HostileFile(
            "a standardisation field that is not known",
            "standardization.x is not a known field",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":2,\\\"standardization\\\":{\\\"x\\\":\\\"affine\\\"}"
        ),
        HostileFile(
            "a standardisation without its tensors",
            "tensor standardization.theta_mean is missing",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":2,\\\"standardization\\\":{\\\"theta\\\":\\\"centred\\\"}"
        ),
        HostileFile(
            "a source whose versions are numbers",
            "source.versions.torch: expected a string",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":2,"
                + "\\\"source\\\":{\\\"software\\\":\\\"a\\\",\\\"versions\\\":{\\\"torch\\\":2}}"
        ),
        HostileFile(
            "a first version without simulations",
            "training.simulations is missing",
            "\\\"simulations\\\":1000,",
            ""
        ),
        HostileFile(
            "format 0",
            "format_version: expected an integer from 1",
            "\\\"format_version\\\":1",
            "\\\"format_version\\\":0"
        ),
        HostileFile(
            "an unknown estimator",
            "estimator.architecture: expected \"flow\"",
            "\\\"maf\\\",",
            "\\\"gan\\\","
        ),
        HostileFile(
            "an estimator field that is not known",
            "activation is not a known field",
            "\\\"blocks\\\":2",
            "\\\"blocks\\\":2,\\\"activation\\\":1"
        ),
        HostileFile(
            "hidden features of 10⁹",
            "hidden_features: expected an integer",
            "\\\"hidden_features\\\":6",
            "\\\"hidden_features\\\":1000000000"
        ),
        HostileFile(
            "hidden features of 4096",
            "expected 4096 integers",
            "\\\"hidden_features\\\":6",
            "\\\"hidden_features\\\":4096"
        ),
        HostileFile(
            "blocks of 64",
            "estimator is not valid",
            "\\\"blocks\\\":2",
            "\\\"blocks\\\":64"
        ),
        HostileFile(
            "transforms misspelt",
            "did you mean transforms?",
            "\\\"transforms\\\":[",
            "\\\"transform\\\":["
        ),
        HostileFile(
            "no transforms",
            "0 transforms, expected 1 to 256",
            "\\\"transforms\\\":[{\\\"degrees\\\":[1,1,1,1,1,1],\\\"permutation\\\":[1,0]},{\\\"degrees\\\":[1,1,1,1,1,1],\\\"permutation\\\":[0,1]}]",
            "\\\"transforms\\\":[]"
        ),
        HostileFile(
            "a permutation that repeats",
            "estimator is not valid",
            "\\\"permutation\\\":[1,0]",
            "\\\"permutation\\\":[1,1]"
        ),
        HostileFile(
            "a permutation out of range",
            "estimator is not valid",
            "\\\"permutation\\\":[1,0]",
            "\\\"permutation\\\":[2,0]"
        ),
        HostileFile(
            "degrees of another count",
            "expected 6 integers",
            "\\\"degrees\\\":[1,1,1,1,1,1]",
            "\\\"degrees\\\":[1,1]"
        ),
        HostileFile(
            "degrees out of range",
            "estimator is not valid",
            "\\\"degrees\\\":[1,1,1,1,1,1]",
            "\\\"degrees\\\":[9,1,1,1,1,1]"
        ),
        HostileFile(
            "scale floor below zero",
            "estimator is not valid",
            "\\\"scale_floor\\\":0.001",
            "\\\"scale_floor\\\":-1.0"
        ),
        HostileFile(
            "theta of another dimension",
            "prior: expected 3 dimensions",
            "\\\"shape\\\":[2],\\\"names\\\":[\\\"θ₁\\\",\\\"mass\\\"],\\\"units\\\":[\\\"\\\",\\\"kg\\\"]",
            "\\\"shape\\\":[3],\\\"names\\\":[\\\"a\\\",\\\"b\\\",\\\"c\\\"]"
        ),
        HostileFile(
            "names of another count",
            "theta.names: expected 2 strings",
            "[\\\"θ₁\\\",\\\"mass\\\"]",
            "[\\\"a\\\"]"
        ),
        HostileFile(
            "x of another shape",
            "has shape",
            "\\\"shape\\\":[3,1],\\\"names\\\":[\\\"a\\\",\\\"b\\\",\\\"c\\\"]",
            "\\\"shape\\\":[4]"
        ),
        HostileFile(
            "x of shape 0",
            "x.shape[1]: expected an integer",
            "\\\"shape\\\":[3,1]",
            "\\\"shape\\\":[3,0]"
        ),
        HostileFile(
            "x of too many entries",
            "x.shape: expected at most",
            "\\\"shape\\\":[3,1]",
            "\\\"shape\\\":[16777216,16777216,16777216,16777216]"
        ),
        HostileFile(
            "x without axes",
            "at least one axis",
            "\\\"shape\\\":[3,1],\\\"names\\\":[\\\"a\\\",\\\"b\\\",\\\"c\\\"]",
            "\\\"shape\\\":[]"
        ),
        HostileFile(
            "an unknown prior",
            "prior.type: expected",
            "\\\"box_uniform\\\"",
            "\\\"cauchy\\\""
        ),
        HostileFile(
            "a prior of uneven lists",
            "prior.upper: expected as many numbers",
            "\\\"upper\\\":[1.0,2.5]",
            "\\\"upper\\\":[1.0]"
        ),
        HostileFile(
            "a prior turned round",
            "prior is not usable",
            "\\\"upper\\\":[1.0,2.5]",
            "\\\"upper\\\":[-3.0,2.5]"
        ),
        HostileFile(
            "a prior out of range",
            "prior.upper[0]: expected a number",
            "\\\"upper\\\":[1.0,2.5]",
            "\\\"upper\\\":[1e999,2.5]"
        ),
        HostileFile(
            "a data scale of zero",
            "data_scale: expected a positive number",
            "\\\"data_scale\\\":1.25",
            "\\\"data_scale\\\":0.0"
        ),
        HostileFile(
            "a seed below zero",
            "training.seed: expected an integer",
            "\\\"seed\\\":18446744073709551615",
            "\\\"seed\\\":-1"
        ),
        HostileFile(
            "losses that are strings",
            "training.training_losses[0]",
            "\\\"training_losses\\\":[1.5",
            "\\\"training_losses\\\":[\\\"a\\\""
        ),
        HostileFile(
            "coverage of another count",
            "calibration.coverage: expected 2",
            "\\\"coverage\\\":[0.52,0.88]",
            "\\\"coverage\\\":[0.52]"
        ),
    ]
}

extension Archive {
    /// Sets one float of the tensor that comes first.
    fileprivate func settingFloat(_ index: Int, to bits: UInt32) -> [UInt8] {
        var copy = self
        for byte in 0..<4 {
            copy.data[4 * index + byte] = UInt8(truncatingIfNeeded: bits >> UInt32(8 * byte))
        }
        return copy.bytes
    }

    /// Rewrites the offsets of the tensor of two floats that comes first.
    fileprivate func spoilingFirstOffsets(_ spoil: (Int, Int) -> String) -> [UInt8] {
        replacing("\"data_offsets\":[0,8]", with: "\"data_offsets\":" + spoil(0, 8)).bytes
    }
}
