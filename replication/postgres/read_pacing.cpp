#include "replication/postgres/read_pacing.hpp"

#include <algorithm>
#include <utility>

namespace tailrace::replication {

using std::chrono::microseconds;

namespace {

// Between commit and sending: enough to tell catching up from following.
constexpr microseconds behind_lag(20'000);
constexpr int lag_parts = 4;

// A kernel's send buffer on loopback holds 2.5 MB and more; a sender that fills it stands still.
constexpr std::size_t gathered_bytes = 1 << 20;
constexpr microseconds gathering_nap_max(20'000);

constexpr microseconds short_nap(500);
// Waits that follow each other so closely mean a sender that has more.
constexpr microseconds busy_gap(900);
constexpr int busy_waits_before_nap = 4;
// So much at once is worth a wake-up.
constexpr std::size_t large_read_bytes = 64 * 1024;

}  // namespace

bool ReadPacing::is_behind() const {
  return lag() > behind_lag;
}

ReadPacing::Clock::duration ReadPacing::nap(Clock::time_point now) {
  const std::size_t bytes = std::exchange(bytes_, 0);
  const auto elapsed =
      std::chrono::duration_cast<microseconds>(now - std::exchange(drained_at_, now));
  if (bytes == 0) {
    busy_waits_ = 0;
    return {};
  }
  busy_waits_ = now - waited_at_ < busy_gap ? busy_waits_ + 1 : 0;
  // One late commit is no backlog: its flush may have taken long.
  const bool was_behind = std::exchange(was_behind_, is_behind());
  if (is_behind() && was_behind && sender_gathers_) {
    const auto time_to_gather = elapsed * gathered_bytes / bytes;
    return std::clamp<microseconds>(time_to_gather, short_nap,
                                    std::min(gathering_nap_max, lag() / lag_parts));
  }
  const bool more_will_come = is_behind() || busy_waits_ > busy_waits_before_nap;
  return more_will_come && bytes < large_read_bytes ? short_nap : microseconds(0);
}

}  // namespace tailrace::replication
