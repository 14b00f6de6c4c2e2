import HTTPMessages
import HTTPTypes
import NumericArrays
import PosteriorAPI
import StrictJSON
import Testing

@Suite struct BinaryPayloadTests {
    private static func npy(_ shape: [Int], _ values: [Float]) -> [UInt8] {
        ArrayHeader.encoded(shape: shape) + OpenInferenceTests.bytes(values)
    }

    private static func send(
        _ client: InMemoryClient,
        _ path: String,
        _ body: [UInt8],
        type: String = "application/x-npy",
        accept: String? = nil
    ) -> InMemoryClient.Answer {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "test", path: path)
        request.headerFields[.contentType] = type
        request.headerFields[.accept] = accept
        return client.send(request, body: body)
    }

    /// The content of an answer, streamed or not.
    private static func content(_ answer: InMemoryClient.Answer) throws -> [UInt8] {
        guard var stream = answer.response.stream else { return answer.response.body }
        var content: [UInt8] = []
        var goesOn = true
        while goesOn {
            var piece: [UInt8] = []
            goesOn = try stream.makePiece(ofAbout: 1000, into: &piece, cancellation: Cancellation())
            // The memory of a connection is that of a few pieces.
            #expect(piece.count < 200_000)
            content += piece
        }
        return content
    }

    @Test func `observations and draws as arrays are those in JSON`() throws {
        let client = try InMemoryClient()
        let json = client.post(
            "/v1/models/flow/sample",
            #"{"observations":[[1,2,3],[4,5,6]],"num_samples":5,"seed":9}"#
        )
        let path = "/v1/models/flow/sample?num_samples=5&seed=9"
        for shape in [[2, 3], [2, 3, 1]] {
            #expect(Self.send(client, path, Self.npy(shape, [1, 2, 3, 4, 5, 6])).text == json.text)
        }
        let answer = Self.send(
            client,
            path,
            Self.npy([2, 3], [1, 2, 3, 4, 5, 6]),
            accept: "application/json;q=0.5, application/x-npy"
        )
        #expect(answer.status == 200)
        let fields = answer.response.head.headerFields
        #expect(fields[.contentType] == "application/x-npy")
        #expect(fields[HTTPField.Name("Posterior-Seed") ?? .accept] == "9")
        #expect(fields[HTTPField.Name("Posterior-Version") ?? .accept] == "3")
        let array = try NumericArray(npy: Self.content(answer), mostNumbers: 100)
        #expect(array.shape == [2, 5, 2])
        let rows = try json.results().flatMap {
            try $0.required("samples", expected: "").elements().flatMap { try $0.doubles() }
        }
        #expect(array.values == rows.map(Float.init))
        let fisher = Self.send(
            client,
            "/v1/models/flow/fisher?num_samples=20&seed=1",
            Self.npy([3], [1, 2, 3])
        )
        let same = client.post(
            "/v1/models/flow/fisher",
            #"{"observation":[1,2,3],"num_samples":20,"seed":1}"#
        )
        #expect(fisher.text == same.text)
    }

    @Test(arguments: [
        ("application/x-npy", 200), ("application/*", 200), ("text/html, */*;q=0.1", 200),
        ("text/html", 406), ("application/x-npy;q=0, application/json;q=0", 406),
        ("application/json;q=0", 406), ("application/json;q=0, */*", 200), ("*/*;q=0", 406),
    ])
    func `Accept decides`(accept: String, status: Int) throws {
        let answer = Self.send(
            try InMemoryClient(),
            "/v1/models/flow/sample",
            Array(#"{"observation":[1,2,3],"num_samples":2}"#.utf8),
            type: "application/json",
            accept: accept
        )
        #expect(answer.status == status)
    }

    @Test func `arrays of other shapes, numbers and parameters are refused`() throws {
        let client = try InMemoryClient()
        let path = "/v1/models/flow/sample"
        for body in [
            Self.npy([2, 2], [1, 2, 3, 4]), Self.npy([0, 3], []), Self.npy([3], [1, 2, .nan]),
            [1, 2],
        ] {
            #expect(Self.send(client, path, body).status == 400)
        }
        let good = Self.npy([3], [1, 2, 3])
        for query in [
            "num_samples=x", "num_samples=0", "num=1", "seed=-1", "seed=1&seed=2", "observation=1",
        ] {
            #expect(Self.send(client, "\(path)?\(query)", good).status == 400)
        }
        #expect(Self.send(client, "/v1/models/flow/map", good).status == 415)
        let withLogProb = Self.send(
            client,
            "\(path)?log_prob=true",
            good,
            accept: "application/x-npy"
        )
        #expect(withLogProb.status == 406)
    }

    /// A number of draws just below the limit is answered whole, more of them in pieces.
    @Test func `a streamed answer is the one that would be made at once`() throws {
        let client = try InMemoryClient()
        let body =
            #"{"observations":[[1,2,3],[1,2],[4,5,6]],"seed":3,"log_prob":true,"num_samples":"#
        let whole = client.post("/v1/models/flow/sample", body + "40000}")
        #expect(whole.response.stream == nil)
        let streamed = client.post("/v1/models/flow/sample", body + "50000}")
        #expect(streamed.response.stream != nil)
        let content = try Self.content(streamed)
        let document = try JSONField(JSONDocument(parsing: content).root, path: "").object()
        let results = try document.required("results", expected: "").elements()
            .map { try $0.object() }
        for (long, short) in zip(results, try whole.results()) {
            guard let samples = short.optional("samples") else {
                #expect(long.optional("error") != nil && long.optional("samples") == nil)
                continue
            }
            #expect(
                try long.required("samples", expected: "").elements().prefix(40_000)
                    .map { $0.value.text } == samples.elements().map { $0.value.text }
            )
            #expect(try long.required("log_prob", expected: "").elements().count == 50_000)
            #expect(
                try long.required("log_prob", expected: "").doubles().prefix(40_000)
                    == short.required("log_prob", expected: "").doubles()[...]
            )
        }
        let frame = String(decoding: content.prefix(60), as: UTF8.self)
        #expect(whole.text.hasPrefix(frame))
    }

    @Test func `a streamed inference is the one that would be made at once`() throws {
        let client = try InMemoryClient()
        func infer(_ count: Int, _ outputs: String) -> InMemoryClient.Answer {
            client.post(
                "/v2/models/flow/infer",
                "{\"inputs\":[\(OpenInferenceTests.observation)],\"outputs\":[\(outputs)],"
                    + "\"parameters\":{\"seed\":1,\"num_samples\":\(count)}}"
            )
        }
        for binary in [true, false] {
            let outputs = ["samples", "log_prob"].map {
                "{\"name\":\"\($0)\",\"parameters\":{\"binary_data\":\(binary)}}"
            }.joined(separator: ",")
            let long = infer(100_000, outputs)
            try #require(long.status == 200, "\(long.text)")
            #expect(long.response.stream != nil)
            let content = try Self.content(long)
            let short = infer(50_000, outputs)
            #expect(short.response.stream == nil)
            if binary {
                let name = try #require(HTTPField.Name("Inference-Header-Content-Length"))
                let start = try #require(long.response.head.headerFields[name].flatMap { Int($0) })
                let other = try #require(short.response.head.headerFields[name].flatMap { Int($0) })
                #expect(content.count == start + 100_000 * 3 * 4)
                #expect(
                    content[start..<start + 400_000]
                        == short.response.body[other..<other + 400_000]
                )
            } else {
                let outputs = try JSONField(JSONDocument(parsing: content).root, path: "").object()
                    .required("outputs", expected: "").elements().map { try $0.object() }
                let same = try short.json().required("outputs", expected: "").elements()
                    .map { try $0.object() }
                for (output, other) in zip(outputs, same) {
                    let numbers = try other.required("data", expected: "").doubles()
                    let all = try output.required("data", expected: "").doubles()
                    #expect(all.prefix(numbers.count) == numbers[...])
                    #expect(all.count == 2 * numbers.count)
                }
            }
        }
    }
}
