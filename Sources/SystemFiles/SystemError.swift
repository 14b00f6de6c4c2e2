/// A call to the operating system that failed.
package struct SystemError: Error, Sendable, Equatable {
    /// What was tried, as it follows "cannot".
    package let operation: String
    /// The system's number for the reason.
    package let code: Int32

    /// Makes a value from its parts.
    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// The reason, for a person to read.
    package var reason: String { errorText(code) }
}
