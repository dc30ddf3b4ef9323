#include "storage/graveyard.hpp"

#include <utility>

namespace tailrace::storage {

void Graveyard::add(PartId part) {
  std::lock_guard lock(mutex_);
  parts_.push_back(part);
  if (wake_) wake_();
}

std::vector<PartId> Graveyard::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(parts_, {});
}

void Graveyard::on_addition(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

}  // namespace tailrace::storage
