import Glibc
import OperatingSystem
import Testing

@Suite struct FreedMemoryTests {
    // The address sanitizer has an allocator of its own.
    @Test(.enabled(if: unsafe getenv("ASAN_OPTIONS") == nil))
    func `gaps between blocks in use go back to the system`() {
        var blocks = (0..<4_000).map { _ in [UInt8](repeating: 1, count: 50_000) }
        for index in blocks.indices where index % 8 != 0 { blocks[index] = [] }
        let full = ProcessFacts().residentBytes
        FreedMemory.giveBack()
        #expect(ProcessFacts().residentBytes < full - 100_000_000)
        #expect(blocks[0].count == 50_000)
    }
}
