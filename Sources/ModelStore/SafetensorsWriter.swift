public import Estimators
import StrictJSON

/// Writes safetensors files whose bytes are a function of their content alone.
public enum SafetensorsWriter {
    /// Encodes tensors in the order of their names, with a header padded to 8 bytes.
    ///
    /// - Parameters:
    ///   - tensors: The tensors by name.
    ///   - metadata: The strings of `__metadata__`, written in the order of their keys.
    /// - Returns: The bytes of the file.
    /// - Throws: `ModelFileError` when a value is NaN or infinite, or a name is reserved.
    public static func encode(
        _ tensors: [String: Tensor],
        metadata: [String: String]
    ) throws(ModelFileError) -> [UInt8] {
        let ordered = tensors.sorted { $0.key < $1.key }
        let header = header(ordered, metadata: metadata)
        guard header.count <= SafetensorsReader.headerLimitBytes else {
            throw .invalidLayout("the header is longer than the format allows")
        }
        let dataBytes = ordered.reduce(0) { $0 + 4 * $1.value.values.count }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + dataBytes)
        for index in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(header.count) >> UInt64(8 * index)))
        }
        bytes += header
        for (name, tensor) in ordered {
            guard name != "__metadata__" else {
                throw .invalidTensor(name: name, reason: "the name is reserved")
            }
            for (index, value) in tensor.values.enumerated() {
                guard value.isFinite else {
                    throw .invalidTensor(
                        name: name,
                        reason: "the value at index \(index) is \(value)"
                    )
                }
                let bits = value.bitPattern
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
            }
        }
        return bytes
    }

    private static func header(
        _ tensors: [(key: String, value: Tensor)],
        metadata: [String: String]
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("__metadata__")
        writer.beginObject()
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            writer.key(key)
            writer.string(value)
        }
        writer.endObject()
        var position = 0
        for (name, tensor) in tensors {
            let end = position + 4 * tensor.values.count
            writer.key(name)
            writer.beginObject()
            writer.key("dtype")
            writer.string("F32")
            writer.key("shape")
            writer.integers(tensor.shape)
            writer.key("data_offsets")
            writer.integers([position, end])
            writer.endObject()
            position = end
        }
        writer.endObject()
        var header = writer.finish()
        header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        return header
    }
}
