// An immutable value behind a pointer, so that a syntax tree can contain itself.
//
//   * Never empty, except after being moved from. Optional children are `std::optional<Box<T>>`.
//   * Copies share the value, from any thread.
//   * Letting go of a tree never recurses: `a + a + ...` is as deep as it is long.
#pragma once

#include <memory>
#include <utility>

namespace tailrace::ast {

// Destroys what `value` owns, then whatever boxes that destruction let go of, one after the other.
void let_go(std::shared_ptr<const void> value) noexcept;

template <class T>
class Box {
 public:
  Box(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: implicit
  Box(const Box&) = default;
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) { return *this = Box(other); }
  Box& operator=(Box&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Box() {
    if (value_ && value_.use_count() == 1) let_go(std::move(value_));
  }

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace tailrace::ast
