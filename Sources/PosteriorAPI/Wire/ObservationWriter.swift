import StrictJSON

extension JSONWriter {
    /// Writes numbers nested as a list that was posted is; what was not posted, as missing trials
    /// were not, is left out.
    mutating func numbers(_ values: [Float], as posted: JSONValue) {
        var next = 0
        write(values, &next, posted)
    }

    private mutating func write(_ values: [Float], _ next: inout Int, _ posted: JSONValue) {
        if posted.isNumberArray {
            let range = next..<(next + posted.count)
            numbers(values.span.extracting(range))
            next = range.upperBound
            return
        }
        beginArray()
        for element in posted.elements { write(values, &next, element) }
        endArray()
    }
}
