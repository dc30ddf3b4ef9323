#include "grammar/ast/box.hpp"

#include <vector>

namespace tailrace::ast {

void let_go(std::shared_ptr<const void> value) noexcept {
  // What this thread has still to destroy, while it is destroying: destructors of boxes inside add
  // to it and return at once.
  thread_local std::vector<std::shared_ptr<const void>>* waiting = nullptr;
  if (waiting) {
    waiting->push_back(std::move(value));
    return;
  }
  std::vector<std::shared_ptr<const void>> list;
  waiting = &list;
  value.reset();
  while (!list.empty()) {
    std::shared_ptr<const void> next = std::move(list.back());
    list.pop_back();
    next.reset();
  }
  waiting = nullptr;
}

}  // namespace tailrace::ast
