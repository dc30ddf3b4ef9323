#include "repr/cancel.hpp"

namespace tailrace {

void CancelToken::raise() const {
  std::lock_guard lock(mutex_);
  throw error_ ? *error_
               : SqlError(sqlstate::query_canceled, "canceling statement due to user request");
}

void CancelToken::cancel(SqlError error) {
  std::lock_guard lock(mutex_);
  if (cancelled_.load()) return;
  error_ = std::make_unique<SqlError>(std::move(error));
  cancelled_.store(true);
  for (const auto& [id, wake] : wakers_) wake();
}

void CancelToken::reset() {
  std::lock_guard lock(mutex_);
  cancelled_.store(false);
  error_.reset();
}

CancelToken::Registration::Registration(CancelToken& token, std::function<void()> wake)
    : token_(token) {
  std::lock_guard lock(token.mutex_);
  id_ = token.next_id_++;
  if (token.cancelled_.load()) wake();
  token.wakers_.emplace_back(id_, std::move(wake));
}

CancelToken::Registration::~Registration() {
  std::lock_guard lock(token_.mutex_);
  std::erase_if(token_.wakers_, [this](const auto& entry) { return entry.first == id_; });
}

}  // namespace tailrace
