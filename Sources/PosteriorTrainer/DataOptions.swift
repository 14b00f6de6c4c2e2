public import ArgumentParser
public import Training

/// The flags that name simulations of the user's own, and say what they are.
struct DataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Simulations to train on, in one file or many: .npz with the arrays theta and x, pairs \
            of .npy (theta before x), or .csv with columns theta… and x….
            """,
            valueName: "file"
        )
    )
    var data: [String] = []

    @Option(
        help: ArgumentHelp(
            "The prior theta was drawn from, as JSON: {\"type\": \"box_uniform\", …}.",
            valueName: "file"
        )
    )
    var prior: String?

    @Option(
        help: """
            Without --prior: the box around theta, or normals of its mean and standard deviation.
            """
    )
    var fitPrior: PriorFit?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Simulations that only judge; default: a random part of --data.",
            valueName: "file"
        )
    )
    var validation: [String] = []

    @Flag(help: "Leave out rows with NaN or infinite numbers, and say how many.")
    var dropInvalid = false

    @Flag(help: "Accept entries of x that are the same in all rows.")
    var allowConstant = false

    @Option(
        help: ArgumentHelp(
            "Names of the parameters; of .csv files the columns to take.",
            valueName: "name,…"
        )
    )
    var thetaNames: NameList?

    @Option(help: ArgumentHelp("Units of the parameters.", valueName: "unit,…"))
    var thetaUnits: NameList?

    @Option(
        help: ArgumentHelp(
            "Names of the entries of x; of .csv files the columns to take.",
            valueName: "name,…"
        )
    )
    var xNames: NameList?

    @Option(help: ArgumentHelp("Units of the entries of x.", valueName: "unit,…"))
    var xUnits: NameList?

    @Option(
        help: ArgumentHelp(
            "The shape of one x, where the files have it flat, such as 3,32,32.",
            valueName: "n,…"
        )
    )
    var xShape: NameList?

    func validate() throws {
        guard data.isEmpty else {
            guard prior == nil || fitPrior == nil else {
                throw ValidationError("--prior and --fit-prior exclude each other")
            }
            guard prior != nil || fitPrior != nil else {
                throw ValidationError(
                    """
                    --data needs --prior FILE with the distribution theta was drawn from; \
                    --fit-prior box or normal makes one from theta
                    """
                )
            }
            _ = try shape()
            return
        }
        let others = [
            ("--prior", prior != nil), ("--fit-prior", fitPrior != nil),
            ("--validation", !validation.isEmpty), ("--drop-invalid", dropInvalid),
            ("--allow-constant", allowConstant), ("--theta-names", thetaNames != nil),
            ("--theta-units", thetaUnits != nil), ("--x-names", xNames != nil),
            ("--x-units", xUnits != nil), ("--x-shape", xShape != nil),
        ]
        if let (flag, _) = others.first(where: { $0.1 }) {
            throw ValidationError("\(flag) goes with --data")
        }
    }

    /// The extents of --x-shape.
    func shape() throws -> [Int]? {
        guard let xShape else { return nil }
        return try xShape.names.map { text in
            guard let extent = Int(text), (1...1 << 30).contains(extent) else {
                throw ValidationError("--x-shape \(text): expected numbers such as 3,32,32")
            }
            return extent
        }
    }
}

/// A list written with commas.
struct NameList: ExpressibleByArgument {
    /// The entries.
    let names: [String]

    /// Splits a list at its commas.
    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

extension PriorFit: ExpressibleByArgument {}
