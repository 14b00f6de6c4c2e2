import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct SettingsTests {
    private func settings(_ run: ServerProgram.Run) throws -> JSONFields {
        try JSONField(JSONDocument(parsing: Array(run.output.utf8)).root, path: "").object()
    }

    @Test(arguments: [
        (file: 1, variable: nil, flag: nil, expected: 1),
        (file: 1, variable: 2, flag: nil, expected: 2),
        (file: 1, variable: 2, flag: 3, expected: 3),
        (file: nil, variable: 2, flag: 3, expected: 3),
        (file: nil, variable: nil, flag: nil, expected: 20),
    ])
    func `a flag comes before the environment, that before the file, and that before the default`(
        file: Int?,
        variable: Int?,
        flag: Int?,
        expected: Int
    ) throws {
        let program = try ServerProgram()
        var arguments = ["--print-config"]
        if let file {
            try program.write(#"{"drain_timeout": \#(file), "workers": null}"#, to: "server.json")
            arguments += ["--config", "server.json"]
        }
        if let flag { arguments += ["--drain-timeout", "\(flag)"] }
        let run = try program.run(
            arguments,
            variables: variable.map { ["POSTERIOR_SERVER_DRAIN_TIMEOUT": "\($0)"] } ?? [:]
        )
        #expect(run.status == 0, "\(run)")
        let timeout: Int? = try settings(run).optional("drain_timeout")?.value.integer()
        #expect(timeout == expected)
    }

    @Test func `what is printed is a configuration file that says the same`() throws {
        let program = try ServerProgram()
        let first = try program.run(["--print-config", "--port", "0", "--workers", "3"])
        try program.write(first.output, to: "server.json")
        let second = try program.run(
            ["--print-config"],
            variables: ["POSTERIOR_SERVER_CONFIG": "server.json"]
        )
        #expect(second.status == 0, "\(second)")
        #expect(second.output == first.output)
    }

    @Test(arguments: [
        (#"{"prot": 1}"#, "prot is not a known field; did you mean port?"),
        (#"{"port": "8080"}"#, "port: expected an integer from 0 to 65535, found the string"),
        (#"{"port": 65536}"#, "port: expected an integer from 0 to 65535, found the number 65536"),
        (#"{"port": 1.5}"#, "port: expected an integer"),
        (#"{"port": true}"#, "port: expected an integer from 0 to 65535, found true"),
        (#"{"port": [1]}"#, "port: expected an integer"),
        (#"{"models": 1}"#, "models: expected a text, found the number 1"),
        (#"{"port": 1, "port": 2}"#, "not valid JSON"),
        (#"{"port": 1"#, "not valid JSON"),
        ("[]", "expected an object, found an empty list"),
    ])
    func `a bad file is refused by the name of what is wrong`(file: String, text: String) throws {
        let program = try ServerProgram()
        try program.write(file, to: "server.json")
        let run = try program.run(["--print-config", "--config", "server.json"])
        #expect(run.status == 64, "\(run)")
        #expect(run.errors.contains("server.json"), "\(run)")
        #expect(run.errors.contains(text), "\(run)")
    }

    @Test(arguments: ["x", "1.0", "+1", "0x10", "-", "99999999999999999999", "-1", "65536"])
    func `a bad number is refused by the name of its flag or variable`(text: String) throws {
        let program = try ServerProgram()
        let flag = try program.run(["--print-config", "--port=\(text)"])
        #expect(flag.status == 64 && flag.errors.contains("--port: expected an integer"), "\(flag)")
        let variable = try program.run(
            ["--print-config"],
            variables: ["POSTERIOR_SERVER_PORT": text]
        )
        #expect(variable.status == 64)
        #expect(variable.errors.contains("POSTERIOR_SERVER_PORT: expected an integer"))
    }

    @Test func `a missing file is named`() throws {
        let run = try ServerProgram().run(["--print-config", "--config", "nowhere.json"])
        #expect(run.status == 64)
        #expect(run.errors.contains("nowhere.json cannot be opened: No such file"), "\(run)")
    }

    @Test func `what Kubernetes sets for a Service of this name is ignored with a warning`() throws
    {
        let run = try ServerProgram().run(
            ["--check-config", "--models", ServerProgram.models],
            variables: [
                "POSTERIOR_SERVER_PORT": "tcp://10.0.0.1:80",
                "POSTERIOR_SERVER_SERVICE_HOST": "10.0.0.1",
                "POSTERIOR_SERVER_DRAIN_DELAI": "1",
            ]
        )
        #expect(run.status == 0, "\(run)")
        #expect(run.output.contains("POSTERIOR_SERVER_PORT is ignored"))
        #expect(run.output.contains("POSTERIOR_SERVER_DRAIN_DELAI is no setting"))
        #expect(!run.output.contains("SERVICE_HOST"))
    }

    @Test func `checking ends with 1 when the models cannot be read`() throws {
        let run = try ServerProgram().run(["--check-config", "--models", "nowhere"])
        #expect(run.status == 1)
        #expect(run.errors.contains("The models directory nowhere cannot be read"), "\(run)")
    }
}
