import SystemFiles

/// Reading and writing files of models, with the rules that hold for them.
enum Files {
    /// The entries of a directory.
    static func names(in directory: String) throws(ModelFileError) -> [String] {
        try told { () throws(SystemError) in try FileSystem.names(in: directory) }
    }

    /// Whether the path leads to a directory, links followed.
    static func isDirectory(_ path: String) -> Bool {
        FileSystem.status(of: path)?.kind == .folder
    }

    /// Whether the path leads to anything, links followed.
    static func exists(_ path: String) -> Bool { FileSystem.status(of: path) != nil }

    /// Whether there is anything at the path, be it a link that leads to nothing.
    static func isTaken(_ path: String) -> Bool {
        FileSystem.status(of: path, followsLinks: false) != nil
    }

    /// The absolute path with every link resolved.
    static func resolved(_ path: String) throws(ModelFileError) -> String {
        try told { () throws(SystemError) in try FileSystem.resolved(path) }
    }

    /// The path below a directory, every link resolved, wherever it may point to within.
    ///
    /// - Parameters:
    ///   - path: Relative to `root`.
    ///   - root: A directory with every link resolved.
    /// - Returns: The absolute path.
    /// - Throws: `outsideRepository` when it leads out of the directory.
    static func resolved(_ path: String, below root: String) throws(ModelFileError) -> String {
        let resolved = try resolved("\(root)/\(path)")
        let prefix = root == "/" ? root : root + "/"
        guard resolved.utf8.starts(with: prefix.utf8) else { throw .outsideRepository }
        return resolved
    }

    /// What tells a regular file below a directory from others.
    static func identity(
        _ path: String,
        below root: String
    ) throws(ModelFileError) -> FileIdentity {
        try regularStatus(open(path, below: root)).identity
    }

    /// Reads a regular file below a directory.
    static func read(
        _ path: String,
        below root: String,
        limitBytes: Int
    ) throws(ModelFileError) -> [UInt8] {
        try read(open(path, below: root), limitBytes: limitBytes)
    }

    /// Opens what a path below a directory leads to.
    ///
    /// Its links are resolved first, and the result is walked from the directory on without
    /// following any: a link that takes the place of a folder meanwhile leads nowhere.
    private static func open(
        _ path: String,
        below root: String
    ) throws(ModelFileError) -> OpenFile {
        let target = try resolved(path, below: root)
        let parts = target.utf8.dropFirst(root.utf8.count).split(separator: UInt8(ascii: "/"))
        return try told { () throws(SystemError) in
            var file = try OpenFile(folder: root)
            for (index, part) in parts.enumerated() {
                let isFolder = index < parts.count - 1
                file = try file.opening(String(Substring(part)), isFolder: isFolder)
            }
            return file
        }
    }

    /// Reads a regular file.
    static func read(_ path: String, limitBytes: Int) throws(ModelFileError) -> [UInt8] {
        let file = try told { () throws(SystemError) in try OpenFile(reading: path) }
        return try read(file, limitBytes: limitBytes)
    }

    /// Reads an open file.
    ///
    /// The size is asked of the open file, and a file that grows meanwhile is cut at that size,
    /// so no more than `limitBytes` are ever held.
    private static func read(
        _ file: borrowing OpenFile,
        limitBytes: Int
    ) throws(ModelFileError) -> [UInt8] {
        let size = try regularStatus(file).sizeBytes
        guard size <= limitBytes else { throw .tooLarge(bytes: size, limit: limitBytes) }
        return try told { () throws(SystemError) in
            try file.rest(limitBytes: size, expectedBytes: size)
        }
    }

    private static func regularStatus(
        _ file: borrowing OpenFile
    ) throws(ModelFileError) -> FileStatus {
        let status = try told { () throws(SystemError) in try file.status() }
        guard status.kind == .regular else { throw .notARegularFile }
        return status
    }

    /// Writes a file whole or not at all, flushed to the disk before it takes its name.
    static func writeAtomically(_ bytes: [UInt8], to path: String) throws(ModelFileError) {
        try told { () throws(SystemError) in
            try FileSystem.replaceFile(path, with: bytes, permissions: 0o644)
        }
    }

    /// Makes a directory and those above it that are not there yet.
    static func createDirectories(_ path: String) throws(ModelFileError) {
        guard !path.isEmpty, !isDirectory(path) else { return }
        let parent = FileSystem.parent(of: path)
        if parent != path {
            try createDirectories(parent)
        }
        try told { () throws(SystemError) in try FileSystem.createFolder(path) }
    }

    /// Turns the system's errors into those of this module.
    private static func told<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(ModelFileError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw ModelFileError(error)
        }
    }
}

extension ModelFileError {
    /// A call to the system that failed.
    init(_ error: SystemError) {
        self = .system(operation: error.operation, reason: error.reason)
    }
}
