import COpenSSL

/// What all owners of OpenSSL's objects need of it.
enum TLSLibrary {
    /// The text of the oldest error in the thread's queue, which is empty afterwards.
    static func lastErrorText() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = unsafe ERR_reason_error_string(code) else {
            return "no reason is known"
        }
        return unsafe String(cString: reason)
    }

    /// A BIO that reads a copy of some bytes; the caller frees it.
    static func reader(of bytes: [UInt8]) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
        guard unsafe BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count else {
            unsafe BIO_free(bio)
            return nil
        }
        return unsafe bio
    }
}
