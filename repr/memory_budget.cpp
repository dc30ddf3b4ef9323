#include "repr/memory_budget.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repr/error.hpp"

namespace tailrace {

MemoryBudget::MemoryBudget(std::string name, std::size_t limit_bytes, MemoryBudget* parent)
    : name_(std::move(name)), limit_(limit_bytes), parent_(parent) {}

bool MemoryBudget::try_charge(std::size_t bytes) {
  const std::size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  if ((limit_ != 0 && before + bytes > limit_) || (parent_ && !parent_->try_charge(bytes))) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  return true;
}

void MemoryBudget::charge(std::size_t bytes) {
  if (try_charge(bytes)) return;
  // The tightest limit on the way up is the one that said no.
  const MemoryBudget* full = this;
  while (full->parent_ && (full->limit_ == 0 || full->used_bytes() + bytes <= full->limit_))
    full = full->parent_;
  throw SqlError(sqlstate::out_of_memory, fmt::format("out of memory in {}", name_))
      .detail(fmt::format("{} bytes are needed; {} uses {} of {} bytes.", bytes, full->name_,
                          full->used_bytes(), full->limit_))
      .hint("Narrow the query, or raise --memory-limit.");
}

void MemoryBudget::release(std::size_t bytes) {
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_) parent_->release(bytes);
}

double MemoryBudget::pressure() const {
  double here = limit_ == 0 ? 0.0 : static_cast<double>(used_bytes()) / static_cast<double>(limit_);
  return parent_ ? std::max(here, parent_->pressure()) : here;
}

MemoryCharge::MemoryCharge(MemoryCharge&& other) noexcept
    : budget_(other.budget_), bytes_(other.bytes_) {
  other.bytes_ = 0;
}

void MemoryCharge::set(std::size_t bytes) {
  if (bytes > bytes_) {
    budget_->charge(bytes - bytes_);
  } else if (bytes < bytes_) {
    budget_->release(bytes_ - bytes);
  }
  bytes_ = bytes;
}

}  // namespace tailrace
