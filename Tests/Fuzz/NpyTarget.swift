import NumericArrays

/// Reads an array, which must be refused or be as large as its shape says.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArray(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let array = try? NumericArray(npy: input, mostNumbers: 1 << 16) else { return 0 }
    precondition(array.values.count == array.shape.reduce(1, *), "\(array.shape)")
    return 0
}
