import Glibc
import HTTPServing
import PosteriorAPI
import Testing

/// A live server, since only a connection knows that its client is gone.
@Suite struct DisconnectTests {
    @Test func `an attack ends when its client disconnects`() throws {
        var limits = ServiceLimits()
        limits.evaluations = .max
        limits.computeTime = .seconds(600)
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        configuration.workerCount = 1
        let server = HTTPServer(
            configuration: configuration,
            service: try InMemoryClient(limits: limits).service
        )
        let port = try server.start().port
        // It would take minutes, even on many processors.
        let attack =
            #"{"observation":[1,2,3],"epsilon":1,"steps":10000,"num_samples":1000,"restarts":64}"#
        let gone = try TinyClient(port: port)
        gone.post("/v1/models/flow/attack", attack)
        // The only worker takes it up at once.
        usleep(200_000)
        gone.close()
        let next = try TinyClient(port: port)
        let start = ContinuousClock.now
        next.post("/v1/models/flow/sample", #"{"observation":[1,2,3],"num_samples":100}"#)
        #expect(next.firstBytes(12) == "HTTP/1.1 200")
        // A tenth of a second, but for what else the machine has to do.
        #expect(start.duration(to: .now) < .seconds(5))
        next.close()
        #expect(server.drain(within: .seconds(5)))
    }

    @Test func `a streamed answer is chunked, and ends when its client disconnects`() throws {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        configuration.workerCount = 1
        let server = HTTPServer(configuration: configuration, service: try InMemoryClient().service)
        let port = try server.start().port
        for path in ["/v1/models/flow/sample", "/v2/models/flow/infer"] {
            // Hours, for the only worker.
            let body =
                path.hasPrefix("/v1")
                ? #"{"observations":[[1,2,3],[3,2,1]],"num_samples":10000000}"#
                : #"{"inputs":[{"name":"observation","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"outputs":[{"name":"samples","parameters":{"binary_data":true}}],"parameters":{"num_samples":10000000}}"#
            let gone = try TinyClient(port: port)
            gone.post(path, body, type: "application/json")
            #expect(gone.firstBytes(1_000_000).contains("Transfer-Encoding: chunked"))
            gone.close()
        }
        let next = try TinyClient(port: port)
        next.post("/v1/models/flow/sample", #"{"observation":[1,2,3],"num_samples":100}"#)
        #expect(next.firstBytes(12) == "HTTP/1.1 200")
        next.close()
        #expect(server.drain(within: .seconds(5)))
    }
}

/// A client that sends and reads as little as can be.
private struct TinyClient {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let raw = descriptor
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(raw, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw HTTPServerError.system(call: "connect", code: errno) }
    }

    func post(_ path: String, _ body: String, type: String? = nil) {
        let field = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let request =
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let bytes = Array(request.utf8)
        _ = unsafe bytes.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    func firstBytes(_ count: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, count, Int32(MSG_WAITALL))
        }
        return String(decoding: bytes.prefix(max(received, 0)), as: UTF8.self)
    }

    func close() { _ = Glibc.close(descriptor) }
}
