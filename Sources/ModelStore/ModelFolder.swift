/// The versions of one model, as they were when last looked at.
///
/// Looking again reads only what has changed. A file that cannot be served never displaces one
/// that can: the version goes on as it was, with the reason beside it.
public struct ModelFolder: Sendable {
    /// One version.
    public struct Version: Sendable {
        /// What is served; nil where no good file was ever seen.
        public fileprivate(set) var model: ModelRepository.Model?
        /// Why the file that is there now is not what is served, if it is not.
        public fileprivate(set) var problem: String?
        /// Counts the times that `model` was replaced.
        public fileprivate(set) var generation = 0
        /// The files that were read last, good or bad.
        fileprivate var read: VersionStamp?
        /// Files that were seen once and are read when they are seen again.
        fileprivate var candidate: VersionStamp?
        /// Whether they were not there when last looked for.
        fileprivate var isMissing = false
    }

    /// When a file that has changed is read.
    public enum Care: Sendable {
        /// At once: somebody says that it is complete.
        case none
        /// When it is the same at two looks: whoever writes it seems to be done.
        case settled
    }

    /// The name of the folder.
    public let name: String
    /// The versions by number.
    public private(set) var versions: [Int: Version] = [:]
    /// What lies in the folder and is no version, and evaluations that cannot be used.
    public private(set) var refusals: [ModelRepository.Refusal] = []

    /// Starts with nothing.
    public init(name: String) {
        self.name = name
    }

    /// Whether there is nothing of it, neither on the disk nor served.
    public var isEmpty: Bool { versions.isEmpty && refusals.isEmpty }

    /// Looks at the folder again and reads what has changed.
    ///
    /// - Parameters:
    ///   - directory: Listed just now.
    ///   - care: When changed files are read, and missing ones given up.
    /// - Returns: What was refused and had not been refused before, for the log.
    public mutating func refresh(
        from directory: ModelsDirectory,
        care: Care
    ) -> [ModelRepository.Refusal] {
        let known = refusals + versionRefusals
        refusals = []
        do throws(ModelFileError) {
            let isThere = directory.names.contains(name)
            let found = isThere ? try directory.versions(of: name) : (versions: [], refusals: [])
            refusals = found.refusals
            for number in versions.keys where !found.versions.contains(number) {
                forget(number, care)
            }
            for number in found.versions { refresh(number, from: directory, care) }
        } catch {
            // What cannot be looked at stays as it is.
            refusals.append(ModelRepository.Refusal(path: name, reason: error.description))
        }
        return (refusals + versionRefusals).filter { !known.contains($0) }
    }

    /// The files of versions that are not served as they are.
    private var versionRefusals: [ModelRepository.Refusal] {
        versions.sorted { $0.key < $1.key }.compactMap { number, version in
            version.problem.map {
                ModelRepository.Refusal(
                    path: "\(name)/\(number)/\(ModelFile.fileName)",
                    reason: $0
                )
            }
        }
    }

    private mutating func refresh(_ number: Int, from directory: ModelsDirectory, _ care: Care) {
        var version = versions[number] ?? Version()
        defer { versions[number] = version }
        do throws(ModelFileError) {
            let stamp: VersionStamp
            do throws(ModelFileError) {
                stamp = try directory.stamp(name, number)
            } catch {
                guard version.model != nil, !directory.hasFile(name, number) else { throw error }
                // Removed, or just being replaced: given up as a folder that vanishes is.
                guard care == .settled, !version.isMissing else {
                    version = Version()
                    throw error
                }
                version.isMissing = true
                return
            }
            version.isMissing = false
            guard stamp != version.read else {
                version.candidate = nil
                return
            }
            if care == .settled, version.candidate != stamp {
                version.candidate = stamp
                return
            }
            version.candidate = nil
            version.read = stamp
            let (model, read, refusal) = try directory.read(name, number)
            version.read = read
            version.model = model
            version.problem = nil
            version.generation += 1
            if let refusal { refusals.append(refusal) }
        } catch {
            if error == .changedMeanwhile { version.read = nil }
            version.problem = error.description
        }
    }

    /// Gives up a version whose folder is gone.
    private mutating func forget(_ number: Int, _ care: Care) {
        if care == .settled, versions[number]?.isMissing == false {
            versions[number]?.isMissing = true
        } else {
            versions[number] = nil
        }
    }
}
