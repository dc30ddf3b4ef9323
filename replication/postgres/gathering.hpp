// How long, and up to how much, transactions are gathered into one commit while we are behind: nobody waits for a single
// one then.
//
// Where old rows had to be looked up, longer: a look-up reads the pages that hold them, and the more keys are asked for at
// once, the more of them share a page. Gathering for twice as long as the last look-up took leaves it a third of the time
// at most, however large the table.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace tailrace::replication {

class Gathering {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // The last commit's look-up of old rows took so long; zero: there was none.
  void looked_up(Duration took) { time_max_ = std::clamp<Duration>(2 * took, shortest, longest); }
  Duration time_max() const { return time_max_; }
  // In proportion.
  std::size_t bytes_max() const { return least_bytes * (time_max_ / shortest); }

 private:
  static constexpr std::chrono::milliseconds shortest{10};
  static constexpr std::chrono::milliseconds longest{640};
  static constexpr std::size_t least_bytes = 256 << 10;  // 16 MiB at the most

  Duration time_max_ = shortest;
};

}  // namespace tailrace::replication
