import HTTPServing
import Logging

/// Certificate and key of the server, as they are set, read and read again.
struct TransportSecurity: Sendable {
    let credentials: TLSCredentials

    /// Reads what the settings name; nil when they name nothing.
    init?(_ settings: ServerSettings) throws {
        switch (settings.tlsCertificate, settings.tlsKey) {
        case (nil, nil):
            guard settings.tlsClientCA == nil else {
                throw Failure("--tls-client-ca needs --tls-certificate and --tls-key.")
            }
            return nil
        case (let certificate?, let key?):
            do throws(TLSError) {
                credentials = try TLSCredentials(
                    certificateFile: certificate,
                    keyFile: key,
                    clientAuthoritiesFile: settings.tlsClientCA
                )
            } catch {
                throw Failure("TLS cannot be used: \(error).")
            }
        default:
            throw Failure("--tls-certificate and --tls-key go together.")
        }
    }

    /// Reads the files again, if they have changed or somebody demands it.
    ///
    /// - Returns: Whether they could be used; nil when there was no need to read them.
    func reload(_ occasion: ReloadWatch.Occasion, _ logger: Logger) -> Bool? {
        do throws(TLSError) {
            let hasChanged =
                try occasion == .signal ? credentials.reload() : credentials.reloadIfChanged()
            guard hasChanged else { return nil }
            logger.notice("new connections get the certificate in \(credentials.certificateFile)")
            return true
        } catch {
            logger.error("the certificate in use stays in use: \(error)")
            return false
        }
    }
}
