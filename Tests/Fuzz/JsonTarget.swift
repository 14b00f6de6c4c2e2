import StrictJSON

/// Numbers are converted one by one up to this many in an array.
private let fewNumbers = 1_000

private func write(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value.kind {
    case .null: writer.null()
    case .boolean: writer.boolean(value.boolean == true)
    case .string: writer.string(value.string ?? "")
    case .number: write(number: value, to: &writer)
    case .array:
        precondition(value.elements.count == value.count, "\(value.count) elements")
        writer.beginArray()
        for element in value.elements { write(element, to: &writer) }
        writer.endArray()
    case .object:
        precondition(value.members.count == value.count, "\(value.count) members")
        writer.beginObject()
        for member in value.members {
            writer.key(member.name)
            write(member.value, to: &writer)
        }
        writer.endObject()
    }
}

/// As a whole number where it is one, and as it stands where `Double` does not reach.
private func write(number value: JSONValue, to writer: inout JSONWriter) {
    if let integer = value.integer(as: UInt64.self) {
        writer.integer(integer)
    } else if let double = value.double, double.isFinite {
        writer.number(double)
    } else {
        writer.raw(value.text)
    }
}

private func same(_ one: JSONValue, _ other: JSONValue) -> Bool {
    guard one.kind == other.kind, one.count == other.count else { return false }
    switch one.kind {
    case .null: return true
    case .boolean: return one.boolean == other.boolean
    case .string: return one.string == other.string
    case .number:
        // What is nearly a whole number, or nearly zero, may have become one.
        let integer = one.integer(as: UInt64.self)
        return one.double == other.double
            && (integer == nil || integer == other.integer(as: UInt64.self))
    case .array: return zip(one.elements, other.elements).allSatisfy(same)
    case .object:
        return zip(one.members, other.members).allSatisfy { member, twin in
            let found = other.member(member.name)
            return member.name == twin.name && same(member.value, twin.value)
                && found?.offset == twin.value.offset
        }
    }
}

private func check(_ value: JSONValue, _ again: JSONValue) {
    precondition(same(value, again), "\(value.excerpt) is not \(again.excerpt)")
}

private func parsed(_ text: [UInt8]) -> JSONValue {
    guard let document = try? JSONDocument(parsing: text) else {
        preconditionFailure("\(String(decoding: text, as: UTF8.self)) is not read again")
    }
    return document.root
}

/// Arrays of numbers are read and written by code of their own.
private func checkNumbers(_ value: JSONValue) {
    var floats: [Float] = []
    guard value.isNumberArray, value.count <= fewNumbers,
        (try? value.appendFloats(to: &floats)) != nil
    else {
        for element in value.elements where element.kind != .number { checkNumbers(element) }
        for member in value.members { checkNumbers(member.value) }
        return
    }
    precondition(floats == value.elements.map(\.float), "\(floats)")
    var writer = JSONWriter()
    writer.numbers(floats.span)
    var again: [Float] = []
    try? parsed(writer.finish()).appendFloats(to: &again)
    precondition(floats == again, "\(floats) is not \(again)")
}

/// Reads a text, which must be refused or mean the same once it has been written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let root: JSONValue
    do throws(JSONError) {
        root = try JSONDocument(parsing: input).root
    } catch {
        precondition(error.offset <= count && !error.description.isEmpty, "\(error)")
        return 0
    }
    check(root, parsed(root.text))
    checkNumbers(root)
    var writer = JSONWriter()
    write(root, to: &writer)
    check(root, parsed(writer.finish()))
    return 0
}
