/// A failure that ends a command, with a sentence for the user.
struct CommandFailure: Error, CustomStringConvertible {
    /// What went wrong, and what to do.
    let description: String

    /// Makes a failure from its sentence.
    init(_ description: String) {
        self.description = description
    }
}
