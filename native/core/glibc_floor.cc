// A Linux binary asks for each libc symbol in the newest version that the machine it was linked on has, so
// one built on glibc 2.36 would not load on 2.28. This file defines, hidden, the symbols that have a newer
// version, for our own objects and for libstdc++.a and libgcc_eh.a alike, and passes each call on to the
// oldest version, which every glibc still has. The newer versions differ in nothing that is used here:
// threads moved from libpthread into libc (2.34), and the math functions lost a wrapper around the same code
// that handles SVID errors (2.29, 2.35). scripts/glibc-floor.mjs reads what a binary asks for; a symbol it
// reports becomes a row here. On other systems and C libraries the file is empty.
#include <cstdlib>

#if defined(__linux__) && defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#if defined(__x86_64__)
#define LANEGRAD_OLDEST "GLIBC_2.2.5"
#else
#define LANEGRAD_OLDEST "GLIBC_2.17"
#endif

// The names in C++ differ from the symbols, whose declarations the headers have made already.
#define LANEGRAD_OLDEST_VERSION(result, name, parameters, arguments)    \
  extern "C" result lanegrad_oldest_##name parameters;                  \
  asm(".symver lanegrad_oldest_" #name ", " #name "@" LANEGRAD_OLDEST); \
  extern "C" result lanegrad_##name parameters asm(#name);              \
  extern "C" result lanegrad_##name parameters { return lanegrad_oldest_##name arguments; }

LANEGRAD_OLDEST_VERSION(double, exp, (double x), (x))
LANEGRAD_OLDEST_VERSION(double, exp2, (double x), (x))
LANEGRAD_OLDEST_VERSION(double, log, (double x), (x))
LANEGRAD_OLDEST_VERSION(double, log2, (double x), (x))
LANEGRAD_OLDEST_VERSION(double, pow, (double x, double y), (x, y))
LANEGRAD_OLDEST_VERSION(double, hypot, (double x, double y), (x, y))
LANEGRAD_OLDEST_VERSION(float, hypotf, (float x, float y), (x, y))
LANEGRAD_OLDEST_VERSION(double, fmod, (double x, double y), (x, y))
LANEGRAD_OLDEST_VERSION(float, fmodf, (float x, float y), (x, y))

LANEGRAD_OLDEST_VERSION(int, pthread_create,
                        (pthread_t * thread, const pthread_attr_t* attr, void* (*run)(void*), void* arg),
                        (thread, attr, run, arg))
LANEGRAD_OLDEST_VERSION(int, pthread_detach, (pthread_t thread), (thread))
LANEGRAD_OLDEST_VERSION(int, pthread_join, (pthread_t thread, void** result), (thread, result))
LANEGRAD_OLDEST_VERSION(int, pthread_once, (pthread_once_t * once, void (*run)()), (once, run))
LANEGRAD_OLDEST_VERSION(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
LANEGRAD_OLDEST_VERSION(int, __pthread_key_create, (pthread_key_t * key, void (*destroy)(void*)),
                        (key, destroy))

// New in 2.32; std::shared_ptr asks whether it may count without atomic operations. It may not: Node has
// threads.
extern "C" char lanegrad_single_threaded asm("__libc_single_threaded");
extern "C" char lanegrad_single_threaded;
char lanegrad_single_threaded = 0;

#ifdef DLFO_STRUCT_HAS_EH_DBASE

namespace {

struct Search {
  ElfW(Addr) pc;
  dl_find_object* found;
};

int visit(dl_phdr_info* object, size_t, void* context) {
  auto& [pc, found] = *static_cast<Search*>(context);
  const ElfW(Phdr)* segment = nullptr;
  const ElfW(Phdr)* unwind_table = nullptr;
  for (const ElfW(Phdr)* p = object->dlpi_phdr; p != object->dlpi_phdr + object->dlpi_phnum; ++p) {
    const ElfW(Addr) start = object->dlpi_addr + p->p_vaddr;
    if (p->p_type == PT_LOAD && pc - start < p->p_memsz) segment = p;
    if (p->p_type == PT_GNU_EH_FRAME) unwind_table = p;
  }
  if (!segment || !unwind_table) return segment != nullptr;
  const auto address = [&](ElfW(Addr) offset) { return reinterpret_cast<void*>(object->dlpi_addr + offset); };
  *found = {};
  found->dlfo_map_start = address(segment->p_vaddr);
  found->dlfo_map_end = address(segment->p_vaddr + segment->p_memsz);
  found->dlfo_eh_frame = address(unwind_table->p_vaddr);
  return 1;
}

}  // namespace

// New in 2.35; the unwinder of libgcc_eh.a asks which object a program counter is in and where its unwind
// table is. This one walks the list of objects, as the unwinder did before: an exception is the end of an op,
// never its normal course.
extern "C" int lanegrad_find_object(void* pc, dl_find_object* found) asm("_dl_find_object");
extern "C" int lanegrad_find_object(void* pc, dl_find_object* found) {
  found->dlfo_eh_frame = nullptr;
  Search search{reinterpret_cast<ElfW(Addr)>(pc), found};
  dl_iterate_phdr(visit, &search);
  return found->dlfo_eh_frame ? 0 : -1;
}

#endif
#endif
