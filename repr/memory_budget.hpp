// Bounds on memory: a tree of budgets (process > cluster > dataflow, query, session; storage tail;
// caches).
//
// A charge counts against the budget and all above it. Thread-safe; lock-free. A budget outlives
// its children.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace tailrace {

class MemoryBudget {
 public:
  // `limit_bytes` 0: only the parents limit. `name` is what the error says, as in "query" or
  // "dataflow mv1".
  MemoryBudget(std::string name, std::size_t limit_bytes, MemoryBudget* parent = nullptr);

  // Throws SqlError 53200 naming the budget at its limit and the setting that moves it; charges
  // nothing then.
  void charge(std::size_t bytes);
  bool try_charge(std::size_t bytes);
  void release(std::size_t bytes);

  std::size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  std::size_t limit_bytes() const { return limit_; }
  // Used share of the tightest limit on the way up, 0 to 1: ingestion slows and tails fold early on
  // it.
  double pressure() const;

 private:
  std::string name_;
  std::size_t limit_;
  MemoryBudget* parent_;
  std::atomic<std::size_t> used_{0};
};

// Bytes charged by one holder: grows, shrinks, releases the rest at its end.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryBudget& budget) : budget_(&budget) {}
  ~MemoryCharge() { set(0); }
  MemoryCharge(MemoryCharge&& other) noexcept;
  MemoryCharge& operator=(MemoryCharge&&) = delete;

  void set(std::size_t bytes);  // throws as `charge` if it grows past a limit
  void add(std::size_t bytes) { set(bytes_ + bytes); }
  std::size_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace tailrace
