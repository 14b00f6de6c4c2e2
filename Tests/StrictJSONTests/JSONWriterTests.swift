import StrictJSON
import Testing

@Suite struct JSONWriterTests {
    @Test func `commas and colons come by themselves`() {
        let matrix: [Float] = [1, 2, 3, 4]
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.endArray()
        writer.key("b")
        writer.boolean(true)
        writer.key("c")
        writer.rows(matrix.span, columns: 2)
        writer.key("d")
        writer.numbers([0.5, 1e-300])
        writer.key("e")
        writer.raw(Array("[ ]".utf8))
        writer.endObject()
        #expect(
            String(decoding: writer.finish(), as: UTF8.self)
                == #"{"a":[1,null,{}],"b":true,"c":[[1.0,2.0],[3.0,4.0]],"d":[0.5,1e-300],"e":[ ]}"#
        )
    }

    @Test func `empty arrays of numbers and rows are valid`() {
        let nothing: [Float] = []
        var writer = JSONWriter()
        writer.beginArray()
        writer.numbers(nothing.span)
        writer.rows(nothing.span, columns: 3)
        writer.endArray()
        #expect(String(decoding: writer.finish(), as: UTF8.self) == "[[],[]]")
    }

    @Test func `every string of one scalar reads back`() throws {
        for value in UInt32(0)...0x3000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var writer = JSONWriter()
            writer.string("<\(scalar)>")
            let text = try JSONDocument(parsing: writer.finish()).root.string
            #expect(text.map { Array($0.utf8) } == Array("<\(scalar)>".utf8))
        }
    }

    @Test func `numbers that are not finite become null`() {
        let values: [Float] = [.nan, .infinity, -.infinity, 1]
        var writer = JSONWriter()
        writer.beginArray()
        writer.numbers(values.span)
        writer.numbers([.nan, 1] as [Double])
        writer.endArray()
        #expect(
            String(decoding: writer.finish(), as: UTF8.self)
                == "[[null,null,null,1.0],[null,1.0]]"
        )
    }
}
