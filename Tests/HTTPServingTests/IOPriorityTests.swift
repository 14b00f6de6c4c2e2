import Glibc
import HTTPMessages
import HTTPServing
import HTTPTypes
import Testing

/// Answers with the scheduling policy of the thread that answers: `GET /policy` on the loop, `GET
/// /spin` there after it has computed for a quarter of a second, `GET /work` on a worker.
private struct PolicyService: HTTPService {
    func admit(
        _ request: HTTPRequest,
        hasBody: Bool,
        hasLength: Bool,
        context: inout RequestContext
    ) -> Admission {
        if request.path == "/work" { return .compute(limitBytes: 0) }
        if request.path == "/spin" {
            let end = processorTime() + .milliseconds(250)
            while processorTime() < end { sched_yield() }
        }
        let body = Array(policy().utf8)
        return .respond(ServerResponse(head: HTTPResponse(status: .ok), body: body))
    }

    func compute(
        _ request: AdmittedRequest,
        idleWorkers: Int,
        cancellation: Cancellation
    ) -> ServerResponse {
        ServerResponse(head: HTTPResponse(status: .ok), body: Array(policy().utf8))
    }
}

/// What the calling thread has used.
private func processorTime() -> Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// That a thread's children have normal priority; `<sched.h>` has it under `_GNU_SOURCE` alone.
private let resetOnFork: Int32 = 0x4000_0000

/// The scheduling policy of the calling thread, and whether its children inherit it.
private func policy() -> String {
    let policy = sched_getscheduler(0)
    switch policy & ~resetOnFork {
    case SCHED_OTHER: return "normal"
    case SCHED_RR: return policy & resetOnFork == 0 ? "inherited" : "real-time"
    default: return "policy \(policy)"
    }
}

/// Whether threads of this process may have real-time priority, as the calling one finds out.
private func mayHaveRealTime() -> Bool {
    // The flag stays set, since a thread that has it may not give it up without privileges.
    var parameters = sched_param(sched_priority: 1)
    let isAllowed = unsafe sched_setscheduler(0, SCHED_RR | resetOnFork, &parameters) == 0
    parameters.sched_priority = 0
    _ = unsafe sched_setscheduler(0, SCHED_OTHER | resetOnFork, &parameters)
    return isAllowed
}

@Suite(.serialized) struct IOPriorityTests {
    private func policies(of paths: [String], _ priority: IOPriority) throws -> [String?] {
        var answers: [String?] = []
        try withServer(
            PolicyService(),
            configuration: .with { $0.ioPriority = priority }
        ) { port in
            let client = try LoopbackClient(port: port)
            for path in paths {
                if path.isEmpty {
                    usleep(300_000)
                } else {
                    client.send(request("GET \(path)"))
                    answers.append(client.answer()?.text)
                }
            }
        }
        return answers
    }

    /// What loops have that need little of a processor: with root's privileges, real-time.
    private var usual: String { mayHaveRealTime() ? "real-time" : "normal" }

    @Test func `loops have real-time priority where they may, and workers do not`() throws {
        #expect(try policies(of: ["/policy", "/work"], .realTime) == [usual, "normal"])
    }

    @Test func `normal priority is normal`() throws {
        #expect(try policies(of: ["/policy", "/work"], .normal) == ["normal", "normal"])
    }

    @Test func `a loop that is busy goes without, until it is no longer`() throws {
        let answers = try policies(of: ["/spin", "/policy", "", "/policy"], .realTime)
        #expect(answers == [usual, "normal", usual])
    }

    @Test func `more than half of a window is much`() {
        func time(_ milliseconds: UInt64) -> MonotonicTime {
            MonotonicTime(nanoseconds: milliseconds * 1_000_000)
        }
        var share = ProcessorShare(at: time(1_000), used: .milliseconds(500))
        #expect(!share.isDue(at: time(1_099)) && share.isDue(at: time(1_100)))
        // Each window counts by itself.
        let windows: [(UInt64, Int)] = [(1_100, 550), (1_200, 601), (11_200, 5_601)]
        let areHigh = windows.map { share.isHigh(at: time($0), used: .milliseconds($1)) }
        #expect(areHigh == [false, true, false])
        #expect(!share.isDue(at: time(11_299)))
    }
}
