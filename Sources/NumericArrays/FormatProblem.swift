/// Why bytes are no array or archive, before it is known which file they came from.
package struct FormatProblem: Error, Equatable {
    /// What is wrong.
    package let reason: String

    /// Makes a problem from its sentence.
    package init(_ reason: String) { self.reason = reason }
}
