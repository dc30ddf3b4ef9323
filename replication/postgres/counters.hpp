// What a running source counts: written by its threads, read by statistics() at any time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "replication/postgres/lsn.hpp"

namespace tailrace::replication {

// A number that may be unknown (NULL).
class OptionalCount {
 public:
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void reset() { value_.store(unknown, std::memory_order_relaxed); }
  void add(std::int64_t change) {
    value_.fetch_add(static_cast<std::uint64_t>(change), std::memory_order_relaxed);
  }
  void raise_to(std::uint64_t value) {
    std::uint64_t now = value_.load(std::memory_order_relaxed);
    while ((now == unknown || now < value) && !value_.compare_exchange_weak(now, value)) {
    }
  }
  std::optional<std::uint64_t> get() const {
    const std::uint64_t value = value_.load(std::memory_order_relaxed);
    return value == unknown ? std::nullopt : std::optional(value);
  }

 private:
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};
  std::atomic<std::uint64_t> value_{unknown};
};

struct TableCounters {
  std::atomic<std::uint64_t> updates_staged{0};
  std::atomic<std::uint64_t> updates_committed{0};
  OptionalCount snapshot_records_known;
  OptionalCount snapshot_records_staged;
  std::atomic<bool> snapshot_committed{false};
  std::atomic<bool> ceased{false};
};

struct SourceCounters {
  std::atomic<std::uint64_t> messages_received{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::int64_t> rehydration_latency_ms{-1};  // -1: not yet
  OptionalCount offset_known;
  OptionalCount offset_committed;
  // When the copying of the snapshot that is under way began, by upstream_clock_now(); 0: none is.
  std::atomic<std::int64_t> snapshot_began_at{0};
  // Everything upstream had committed below it is visible here.
  std::atomic<Lsn> visible_lsn{0};
  // Of the newest transaction below it, in upstream's microseconds since 2000-01-01. 0: none yet.
  std::atomic<std::int64_t> visible_commit_time{0};
};

}  // namespace tailrace::replication
