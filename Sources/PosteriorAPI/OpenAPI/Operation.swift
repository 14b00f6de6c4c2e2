/// What the document says of an endpoint.
struct Operation {
    /// Content that may come back, by its media type.
    var answers: [(type: String, schema: Schema)]
    /// A unique name, for programs that make clients of documents.
    let id: String
    /// One line.
    let summary: String
    /// What else there is to know.
    var details = ""
    /// The content of a request; nil where there is none.
    var request: Schema?
    /// A request that runs, for a model with so many numbers of x and parameters.
    var example: (@Sendable (_ xDim: Int, _ thetaDim: Int) -> String)?
    /// What may go wrong, beside what may go wrong with any request.
    var failures: [Int] = []

    /// An endpoint that gives JSON.
    init(_ id: String, _ summary: String, json answer: Schema) {
        self.id = id
        self.summary = summary
        answers = [("application/json", answer)]
    }
}
