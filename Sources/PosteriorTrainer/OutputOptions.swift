import ArgumentParser

/// The flags that say where a run writes, and what it may go on from or replace.
struct OutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the model; default: the next free version under models/TASK.",
            valueName: "dir/name/version"
        )
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where to keep the state; default: beside the model, NAME/VERSION.checkpoint.",
            valueName: "file"
        )
    )
    var checkpoint: String?

    @Option(
        help: ArgumentHelp(
            "The least time between two writes of the state; default: 10s.",
            valueName: "time"
        )
    )
    var checkpointEvery: TimeSpan?

    @Flag(help: "Go on from the checkpoint of an interrupted run with the same arguments.")
    var resume = false

    @Flag(help: "Replace the model if it is there.")
    var force = false

    func validate() throws {
        _ = try output.map { try ModelDestination(flag: $0) }
    }

    /// The destination, ready to write to: the flag's, or one of a model of this name.
    func destination(defaultName name: String) throws -> ModelDestination {
        let destination =
            try output.map { try ModelDestination(flag: $0) }
            ?? ModelDestination(model: name, resumes: resume)
        try destination.prepare(force: force, resumes: resume)
        return destination
    }
}
