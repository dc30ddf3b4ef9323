#include "storage/fault_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace tailrace::storage {

namespace {

struct Fault {
  std::string name;
  std::atomic<long> remaining{0};

  Fault() {
    const char* text = std::getenv("TAILRACE_FAULT_POINT");
    if (text == nullptr) return;
    const std::string_view setting(text);
    const std::size_t colon = setting.find(':');
    name = setting.substr(0, colon);
    remaining = colon == setting.npos ? 1 : std::atol(text + colon + 1);
  }
};

}  // namespace

void fault_point(std::string_view name) {
  static Fault fault;
  if (fault.name.empty() || fault.name != name) return;
  // SIGKILL: no handler, no destructor, nothing flushed, as in a real crash.
  if (fault.remaining.fetch_sub(1) == 1) std::raise(SIGKILL);
}

}  // namespace tailrace::storage
