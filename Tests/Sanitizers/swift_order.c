// Tells the thread sanitizer what orders threads within Swift's own libraries, where it cannot look.
//
// A Mutex that is free is taken and given back by atomics in the program's own code, which are
// instrumented. One that is not is taken and given back in libswiftSynchronization, which is not, by
// spinning and by FUTEX_LOCK_PI, where the kernel hands it from thread to thread. Everything that a
// contended Mutex guards would be reported.
//
// Giving up a reference comes before another owner finds that it is the last one, and then changes
// in place what both had looked at: an array that one thread got a copy of under a Mutex, say.
//
// Preloaded, these functions take the place of the libraries', call them, and say what happened.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Of the sanitizer's runtime; other programs that inherit the preloading have none.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF handle) {
    SWIFT void (*original)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    original(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF handle) {
    SWIFT void (*original)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(handle);
    original(handle);
}

void swift_release(void *object) {
    static void (*original)(void *);
    static bool (*is_last)(const void *);
    if (!original) {
        is_last = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
        original = dlsym(RTLD_NEXT, "swift_release");
    }
    // Tagged words count nothing.
    if (object && (intptr_t)object > 0 && __tsan_release) {
        __tsan_release(object);
        if (is_last(object)) __tsan_acquire(object);
    }
    original(object);
}

bool swift_isUniquelyReferenced_nonNull_native(const void *object) {
    static bool (*original)(const void *);
    if (!original) original = dlsym(RTLD_NEXT, "swift_isUniquelyReferenced_nonNull_native");
    bool is_unique = original(object);
    if (is_unique && __tsan_acquire) __tsan_acquire((void *)object);
    return is_unique;
}
