import Foundation
import PosteriorAPI
import StrictJSON
import TestSupport
import Testing

@Suite struct OpenAPITests {
    private func document(_ server: RunningServer) throws -> JSONValue {
        let page = try server.get("/openapi.json")
        #expect(page.status == 200)
        return try JSONDocument(parsing: Array(page.text.utf8)).root
    }

    @Test func `every example in the document runs`() throws {
        let server = try RunningServer()
        let document = try document(server)
        var count = 0
        for path in document.member("paths")?.members ?? [] {
            // What changes models has no example that always runs, and needs no content.
            guard let request = path.value.member("post")?.member("requestBody"),
                request.member("required")?.boolean == true, let body = request.member("content")
            else { continue }
            let examples = body.members.flatMap { $0.value.member("examples")?.members ?? [] }
            #expect(!examples.isEmpty, "\(path.name) has no example")
            for example in examples {
                let target = try #require(example.value.member("x-path")?.string)
                let value = try #require(example.value.member("value"))
                let answer = try server.get(
                    target,
                    [
                        "-H", "Content-Type: application/json", "-d",
                        String(decoding: value.text, as: UTF8.self),
                    ]
                )
                #expect(answer.status == 200, "\(target): \(answer.text)")
                count += 1
            }
        }
        #expect(count >= 14)
    }

    @Test func `every reference leads somewhere, and operations have names of their own`() throws {
        let document = try document(RunningServer())
        var names: [String] = []
        func visit(_ value: JSONValue) {
            for member in value.members {
                if member.name == "$ref", let text = member.value.string {
                    var target: JSONValue? = document
                    for step in text.split(separator: "/").dropFirst() {
                        target = target?.member(String(step))
                    }
                    #expect(target != nil, "\(text) leads nowhere")
                }
                if member.name == "operationId", let text = member.value.string {
                    names.append(text)
                }
                visit(member.value)
            }
            if value.kind == .array, !value.isNumberArray { value.elements.forEach(visit) }
        }
        visit(document)
        #expect(names.count > 40)
        #expect(Set(names).count == names.count)
    }

    @Test func `keys are in the document where they are asked for`() throws {
        let program = try ServerProgram()
        let key = try program.run(["make-key", "one", "--file", "keys.json"]).output
            .trimmingCharacters(in: .newlines)
        let server = try RunningServer(["--api-keys", "keys.json"], in: program)
        let page = try server.get("/openapi.json", ["-H", "X-API-Key: \(key)"])
        let paths = try JSONDocument(parsing: Array(page.text.utf8)).root.member("paths")
        #expect(paths?.member("/v1/models")?.member("get")?.member("security") != nil)
        #expect(paths?.member("/v2/health/live")?.member("get")?.member("security") == nil)
    }
}
