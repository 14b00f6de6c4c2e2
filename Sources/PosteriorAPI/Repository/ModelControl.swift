/// Who decides which models are served while the server runs.
public enum ModelControl: String, Sendable, CaseIterable {
    /// What was there at the start, and on SIGHUP what is there then.
    case none
    /// The directory: what appears in it, is replaced or removed is so a little later.
    case poll
    /// Clients with the scope `admin`, model by model.
    case explicit
}
