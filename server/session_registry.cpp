#include "server/session_registry.hpp"

#include "server/scram.hpp"

namespace tailrace::server {

SessionRegistry::Key SessionRegistry::make_key() {
  const std::uint32_t secret = random_key();
  const std::lock_guard lock(mutex_);
  // Drivers take the id as a positive int.
  do {
    last_id_ = (last_id_ + 1) & 0x7fffffff;
  } while (last_id_ == 0 || entries_.contains(last_id_));
  return {.connection_id = last_id_, .secret = secret};
}

void SessionRegistry::add(Key key, std::shared_ptr<StoppableSession> session) {
  const std::lock_guard lock(mutex_);
  entries_[key.connection_id] = {.secret = key.secret, .session = std::move(session)};
}

void SessionRegistry::remove(Key key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key.connection_id);
}

void SessionRegistry::cancel(Key key) {
  std::shared_ptr<StoppableSession> session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key.connection_id);
    if (found == entries_.end() || found->second.secret != key.secret) return;
    session = found->second.session;
  }
  session->cancel();
}

}  // namespace tailrace::server
