import HTTPMessages
import HTTPTypes
import PosteriorAPI
import StrictJSON
import TestSupport
import Testing

/// The contract is `inference_rest.md` of the Open Inference Protocol and Triton's extensions.
@Suite struct OpenInferenceTests {
    static let observation =
        #"{"name":"observation","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#

    static func body(
        _ inputs: String = observation,
        _ rest: String = #","parameters":{"num_samples":4,"seed":7,"fisher_samples":16}"#
    ) -> String {
        "{\"inputs\":[\(inputs)]\(rest)}"
    }

    static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { place in
            Float(
                bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
            )
        }
    }

    static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        }
    }

    static func infer(
        _ client: InMemoryClient,
        _ bytes: [UInt8],
        jsonLength: String?,
        path: String = "/v2/models/flow/infer",
        type: String? = nil
    ) -> InMemoryClient.Answer {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "test", path: path)
        request.headerFields[.contentType] = type
        if let jsonLength, let name = HTTPField.Name("Inference-Header-Content-Length") {
            request.headerFields[name] = jsonLength
        }
        return client.send(request, body: bytes)
    }

    @Test(arguments: [3, 200_000])
    func `samples as JSON stand beside binary outputs, however many they are`(_ count: Int) throws {
        let client = try InMemoryClient()
        let outputs =
            #","outputs":[{"name":"samples"},{"name":"log_prob","parameters":{"binary_data":true}}]"#
        let rest = outputs + #","parameters":{"num_samples":\#(count),"seed":7}"#
        let answer = Self.infer(
            client,
            Array(Self.body(Self.observation, rest).utf8),
            jsonLength: nil
        )
        #expect(answer.status == 200)
        let field = try #require(HTTPField.Name("Inference-Header-Content-Length"))
        let length = try #require(answer.response.head.headerFields[field].flatMap { Int($0) })
        let json = try JSONDocument(parsing: Array(answer.response.body.prefix(length))).root
        let samples = try #require(json.member("outputs")?.elements.first?.member("data"))
        #expect(samples.count == 2 * count)
        #expect(answer.response.body.count == length + 4 * count)
    }

    @Test func `more of them than an answer may hold are refused by the limit's name`() throws {
        let client = try InMemoryClient(limits: ServiceLimits(numbers: 1_000))
        let outputs =
            #","outputs":[{"name":"samples"},{"name":"log_prob","parameters":{"binary_data":true}}]"#
        let rest = outputs + #","parameters":{"num_samples":2000}"#
        let answer = Self.infer(
            client,
            Array(Self.body(Self.observation, rest).utf8),
            jsonLength: nil
        )
        #expect(answer.status == 400)
        #expect(
            try answer.message().contains(
                "parameters.num_samples: expected an answer of at most 1000 numbers"
            )
        )
    }

    @Test func `what the server itself has against a request is a text as well`() throws {
        let service = try InMemoryClient().service
        for (path, text) in [
            ("/v2/models/flow/infer", #"{"error":"The server is busy; try again later."}"#),
            (
                "/v1/models/flow/sample",
                #"{"error":{"code":"overloaded","message":"The server is busy; try again later."}}"#
            ),
        ] {
            let request = HTTPRequest(method: .post, scheme: "http", authority: "t", path: path)
            let answer = CodedService(service, decodedBytes: 1).refusal(.overloaded, of: request)
            #expect(answer.head.status == .serviceUnavailable)
            #expect(answer.head.headerFields[.retryAfter] == "1")
            #expect(String(decoding: answer.body, as: UTF8.self) == text)
        }
    }

    @Test func `server and model metadata`() throws {
        let client = try InMemoryClient()
        let server =
            #"{"name":"posterior-server","version":"0.1.0","extensions":["binary_tensor_data","statistics"]}"#
        #expect(client.get("/v2").text == server)
        #expect(client.get("/v2/").text == server)
        #expect(client.get("/").text == server)
        #expect(client.get("/v2/models").text == #"{"models":["flow","mixture"]}"#)
        let metadata = client.get("/v2/models/flow")
        #expect(metadata.status == 200)
        #expect(
            metadata.text.hasPrefix(
                #"{"name":"flow","versions":["1","3"],"platform":"posterior_safetensors","inputs":[{"name":"observation","datatype":"FP32","shape":[-1,3]},{"name":"theta","datatype":"FP32","shape":[-1,-1,2]}],"outputs":[{"name":"samples","datatype":"FP32","shape":[-1,-1,2]},{"name":"log_prob","datatype":"FP32","shape":[-1,-1]},{"name":"fisher_trace","datatype":"FP32","shape":[-1]}],"properties":{"#
            )
        )
        #expect(
            client.get("/v2/models/flow/versions/3/ready").text == #"{"name":"flow","ready":true}"#
        )
        #expect(client.get("/v2/models/flow/versions/03/ready").status == 404)
    }

    /// KServe's client compares the whole type before it reads the message.
    @Test func `errors are a text in JSON`() throws {
        let client = try InMemoryClient()
        for path in [
            "/v2/models/none", "/v2/models/none/ready", "/v2/x", "/v2/models/flow/versions/9",
        ] {
            let answer = client.get(path)
            #expect(answer.status == 404)
            #expect(answer.response.head.headerFields[.contentType] == "application/json")
            #expect(try !answer.json().required("error", expected: "").string().isEmpty)
        }
    }

    @Test func `an answer is that of the other interface`() throws {
        let client = try InMemoryClient()
        let answer = client.post("/v2/models/flow/infer", Self.body())
        try #require(answer.status == 200, "\(answer.text)")
        let sample = client.post(
            "/v1/models/flow/sample",
            #"{"observation":[1,2,3],"num_samples":4,"seed":7,"log_prob":true}"#
        )
        let fisher = client.post(
            "/v1/models/flow/fisher",
            #"{"observation":[1,2,3],"num_samples":16,"seed":7}"#
        )
        let outputs = try answer.json().required("outputs", expected: "").elements()
            .map { try $0.object() }
        let names = try outputs.map { try $0.required("name", expected: "").string() }
        #expect(names == ["samples", "log_prob", "fisher_trace"])
        let shapes = try outputs.map {
            try $0.required("shape", expected: "").integers(in: 0...100)
        }
        #expect(shapes == [[1, 4, 2], [1, 4], [1]])
        let data = try outputs.map { try $0.required("data", expected: "").doubles() }
        let result = try sample.results()[0]
        let rows = try result.required("samples", expected: "").elements().flatMap {
            try $0.doubles()
        }
        #expect(data[0] == rows)
        #expect(data[1] == (try result.required("log_prob", expected: "").doubles()))
        let trace = try fisher.results()[0].required("trace", expected: "").double()
        #expect(abs(data[2][0] - trace) <= 1e-6 * abs(trace))
    }

    @Test func `binary tensors carry the same numbers both ways`() throws {
        let client = try InMemoryClient()
        let x: [Float] = [1, 2, 3]
        let json = Self.body(
            #"{"name":"observation","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}"#,
            #","id":"a\"b","parameters":{"num_samples":4,"seed":7,"fisher_samples":16,"binary_data_output":true}"#
        )
        let answer = Self.infer(
            client,
            Array(json.utf8) + Self.bytes(x),
            jsonLength: String(json.utf8.count),
            type: "application/octet-stream"
        )
        try #require(answer.status == 200, "\(answer.text)")
        let fields = answer.response.head.headerFields
        #expect(fields[.contentType] == "application/octet-stream")
        let name = try #require(HTTPField.Name("Inference-Header-Content-Length"))
        let length = try #require(fields[name].flatMap { Int($0) })
        let head = try JSONField(
            JSONDocument(parsing: Array(answer.response.body[..<length])).root,
            path: ""
        ).object()
        #expect(try head.required("id", expected: "").string() == "a\"b")
        let plain = client.post("/v2/models/flow/infer", Self.body())
        let expected = try plain.json().required("outputs", expected: "").elements()
            .flatMap { try $0.object().required("data", expected: "").doubles() }
        #expect(
            Self.floats(answer.response.body[length...]).map(Double.init)
                == expected.map { Double(Float($0)) }
        )
        // The raw request is the bytes of one observation.
        let raw = Self.infer(client, Self.bytes(x), jsonLength: "0")
        #expect(raw.status == 200)
    }

    @Test func `log_prob is that of theta where there is one`() throws {
        let client = try InMemoryClient()
        let theta =
            #",{"name":"theta","shape":[1,2,2],"datatype":"FP64","data":[[[0,0],[0.1,0.2]]]}"#
        let answer = client.post("/v2/models/flow/infer", Self.body(Self.observation + theta))
        try #require(answer.status == 200, "\(answer.text)")
        let outputs = try answer.json().required("outputs", expected: "").elements()
            .map { try $0.object() }
        #expect(try outputs[0].required("name", expected: "").string() == "log_prob")
        let plain = client.post(
            "/v1/models/flow/log_prob",
            #"{"observation":[1,2,3],"theta":[[0,0],[0.1,0.2]]}"#
        )
        #expect(
            try outputs[0].required("data", expected: "").doubles()
                == plain.results()[0].required("log_prob", expected: "").doubles()
        )
    }

    @Test func `a density of zero goes in binary and not in JSON`() throws {
        let client = try InMemoryClient()
        let inputs =
            Self.observation
            + #",{"name":"theta","shape":[1,1,2],"datatype":"FP32","data":[1000,1000]}"#
        let json = client.post(
            "/v2/models/flow/infer",
            Self.body(inputs, #","outputs":[{"name":"log_prob"}]"#)
        )
        #expect(json.status == 422)
        #expect(json.text.contains("log_prob") && json.text.contains("binary_data"))
        let binary = client.post(
            "/v2/models/flow/infer",
            Self.body(
                inputs,
                #","outputs":[{"name":"log_prob","parameters":{"binary_data":true}}]"#
            )
        )
        #expect(Self.floats(binary.response.body.suffix(4)) == [-.infinity])
    }

    @Test(arguments: [
        ("{}", "inputs"), (body(""), "inputs"),
        (body(#"{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#), "observation"),
        (body(observation + "," + observation), "once"),
        (body(#"{"name":"observation","shape":[2,3],"datatype":"FP32","data":[1,2,3]}"#), "data"),
        (body(#"{"name":"observation","shape":[3],"datatype":"FP32","data":[1,2,3]}"#), "batch"),
        (body(#"{"name":"observation","shape":[0,3],"datatype":"FP32","data":[]}"#), "observation"),
        (
            body(#"{"name":"observation","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}"#),
            "observation"
        ),
        (
            body(#"{"name":"observation","shape":[1,3],"datatype":"INT32","data":[1,2.5,3]}"#),
            "INT32"
        ),
        (
            body(#"{"name":"observation","shape":[1,3],"datatype":"UINT8","data":[1,300,3]}"#),
            "UINT8"
        ),
        (body(#"{"name":"observation","shape":[1,3],"datatype":"FP16","data":[1,2,3]}"#), "binary"),
        (
            body(#"{"name":"observation","shape":[1,3],"datatype":"BYTES","data":["a"]}"#),
            "datatype"
        ),
        (
            body(#"{"name":"observation","shape":[1,3],"datatype":"FP32","data":[1,2,1e39]}"#),
            "float32"
        ),
        (
            body(
                #"{"name":"observation","shape":[4611686018427387904,4],"datatype":"FP32","data":[1]}"#
            ), "shape"
        ),
        (
            body(
                #"{"name":"observation","shape":[2147483647,2147483647,2147483647],"datatype":"FP32","data":[1]}"#
            ), "shape"
        ),
        (
            body(
                #"{"name":"observation","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}"#
            ), "binary_data_size"
        ),
        (
            body(
                observation + #",{"name":"theta","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#
            ), "theta"
        ),
        (body(observation, #","outputs":[{"name":"other"}]"#), "outputs[0].name"),
        (body(observation, #","outputs":[{"name":"samples","shape":1}]"#), "outputs[0].shape"),
        (body(observation, #","model_name":{}"#), "model_name"),
        (body(observation, #","model_version":1"#), "model_version"),
        (body(observation, #","parameters":{"sequence_id":1}"#), "sequence_id"),
        (body(observation, #","parameters":{"seed":[1]}"#), "seed"),
        (body(observation, #","parameters":{"num_samples":0}"#), "num_samples"),
    ])
    func `what breaks a rule is refused by name`(body: String, word: String) throws {
        let answer = try InMemoryClient().post("/v2/models/flow/infer", body)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(
            try answer.json().required("error", expected: "").string().contains(word),
            "\(answer.text)"
        )
    }

    @Test func `null counts as left out`() throws {
        let nulls = #","id":null,"parameters":null,"outputs":null,"model_name":null"#
        let answer = try InMemoryClient().post(
            "/v2/models/flow/infer",
            Self.body(Self.observation, nulls)
        )
        #expect(answer.status == 200, "\(answer.text)")
    }

    @Test(arguments: ["-1", "+5", "", "999", "1,1", "0x10", "99999999999999999999"])
    func `a JSON length that is none is refused`(length: String) throws {
        let answer = Self.infer(try InMemoryClient(), Array(Self.body().utf8), jsonLength: length)
        #expect(answer.status == 400)
    }

    @Test func `binary data that are too long, too short or beside data are refused`() throws {
        let client = try InMemoryClient()
        for (size, count) in [(12, 8), (12, 16), (8, 12), (16, 16)] {
            let json = Self.body(
                "{\"name\":\"observation\",\"shape\":[1,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":\(size)}}"
            )
            let bytes = Array(json.utf8) + [UInt8](repeating: 0, count: count)
            let answer = Self.infer(client, bytes, jsonLength: String(json.utf8.count))
            #expect(answer.status == 400)
        }
        #expect(
            Self.infer(client, [0, 0, 0xC0, 0x7F] + Self.bytes([1, 2]), jsonLength: "0").status
                == 400
        )
    }

    @Test func `a form is told which type to send`() throws {
        let answer = Self.infer(
            try InMemoryClient(),
            Array(Self.body().utf8),
            jsonLength: nil,
            type: "application/x-www-form-urlencoded"
        )
        #expect(answer.status == 415)
        #expect(answer.text.contains("Content-Type: application/json"))
    }

    @Test func `statistics count requests`() throws {
        let client = try InMemoryClient()
        _ = client.post("/v2/models/flow/infer", Self.body())
        _ = client.post("/v2/models/flow/infer", "{}")
        let text = client.get("/v2/models/flow/versions/3/stats").text
        #expect(text.contains(#""inference_count":1"#))
        #expect(text.contains(#""fail":{"count":1"#))
        #expect(client.get("/v2/models/stats").text.contains(#""name":"mixture""#))
    }

    @Test func `mutated inference requests are answered, never a trap`() throws {
        var limits = ServiceLimits()
        limits.draws = 200
        limits.streamedDraws = 200
        let client = try InMemoryClient(limits: limits)
        let json = Self.body(
            #"{"name":"observation","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}"#,
            #","outputs":[{"name":"samples","parameters":{"binary_data":true}}],"parameters":{"num_samples":4,"seed":7}"#
        )
        let seeds = [
            (Array(json.utf8) + Self.bytes([1, 2, 3]), json.utf8.count),
            (Array(Self.body().utf8), Self.body().utf8.count),
        ]
        var random = SeededGenerator(seed: 52)
        var answered: [Int: Int] = [:]
        for _ in 0..<40_000 {
            var (bytes, length) = seeds.randomElement(using: &random) ?? ([], 0)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1:
                    bytes.remove(at: place)
                    if place < length, Bool.random(using: &random) { length -= 1 }
                default:
                    bytes[place] =
                        Array("0123456789[]{},:\"-".utf8).randomElement(using: &random) ?? 0
                }
            }
            let answer = Self.infer(client, bytes, jsonLength: String(length))
            answered[answer.status, default: 0] += 1
        }
        #expect(Set(answered.keys).isSubset(of: [200, 400, 422]), "\(answered)")
        #expect(answered[200, default: 0] > 1000)
    }
}
