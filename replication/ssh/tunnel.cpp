#include "replication/ssh/tunnel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "replication/ssh/link.hpp"
#include "replication/ssh/local_end.hpp"
#include "replication/ssh/session.hpp"

namespace tailrace::replication::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds backoff_min(200);
constexpr milliseconds backoff_max(5000);
// Stuck ones included.
constexpr std::size_t sessions_max = 8;
constexpr milliseconds look_interval(100);

class SharedTunnel final : public Tunnel, public std::enable_shared_from_this<SharedTunnel> {
 public:
  explicit SharedTunnel(Settings settings) : settings_(std::move(settings)) {}

  TunnelConfig config() const override { return settings_(); }

  void validate(CancelToken& cancel) override { const Link link(settings_(), cancel); }

  std::unique_ptr<LocalEnd> open(const std::string& host, std::uint16_t port,
                                 steady_clock::time_point deadline, CancelToken& cancel) override;

  void altered() override {
    const std::lock_guard lock(board_->mutex);
    for (auto& session : sessions_) {
      session->stop();
      stopped_.push_back(std::move(session));
    }
    sessions_.clear();
    backoff_ = milliseconds(0);
    not_before_ = {};
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void reap(Lock& lock);
  void need_session(Lock& lock, const Forward& forward);
  void wake_all() {
    for (const auto& session : sessions_) session->wake();
  }
  void wake_sessions() {
    const std::lock_guard lock(board_->mutex);
    wake_all();
  }

  const Settings settings_;
  const std::shared_ptr<Board> board_ = std::make_shared<Board>();
  // Guarded by the board's mutex.
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> stopped_;  // and not yet at their end
  milliseconds backoff_{0};
  steady_clock::time_point not_before_;
};

// Forgets sessions that have ended; what waits when none is left learns why.
void SharedTunnel::reap(Lock& lock) {
  std::vector<std::unique_ptr<Session>> gone;
  for (auto& session : sessions_) {
    if (session->state() == Session::State::ended) gone.push_back(std::move(session));
  }
  std::erase(sessions_, nullptr);
  for (const auto& session : gone) {
    if (session->was_ready()) {
      backoff_ = milliseconds(0);
      continue;
    }
    backoff_ = std::clamp(backoff_ * 2, backoff_min, backoff_max);
    not_before_ = steady_clock::now() + backoff_;
    if (!sessions_.empty()) continue;
    for (const auto& waiting : board_->queue) {
      waiting->error = session->failure();
      waiting->state = Forward::State::ended;
    }
    board_->queue.clear();
    board_->changed.notify_all();
  }
  for (auto& session : stopped_) {
    if (session->state() == Session::State::ended) gone.push_back(std::move(session));
  }
  std::erase(stopped_, nullptr);
  lock.unlock();
  gone.clear();  // joins their threads, which have nothing left to do
  lock.lock();
}

void SharedTunnel::need_session(Lock& lock, const Forward& forward) {
  reap(lock);
  if (forward.state != Forward::State::queued || board_->opening.contains(forward.target())) return;
  const auto now = steady_clock::now();
  const bool served = std::any_of(sessions_.begin(), sessions_.end(),
                                  [&](const auto& session) { return !session->is_stuck(now); });
  // It may have waited for its target to be answered in another session.
  if (served) wake_all();
  if (served || sessions_.size() >= sessions_max || now < not_before_) return;
  sessions_.push_back(std::make_unique<Session>(*board_, settings_));
}

std::unique_ptr<LocalEnd> SharedTunnel::open(const std::string& host, std::uint16_t port,
                                             steady_clock::time_point deadline,
                                             CancelToken& cancel) {
  const auto forward = std::make_shared<Forward>();
  forward->host = host;
  forward->port = port;
  const CancelToken::Registration wake(cancel, [this] { board_->changed.notify_all(); });
  Lock lock(board_->mutex);
  board_->queue.push_back(forward);
  wake_all();
  const auto give_up = [&] {
    forward->abandoned = true;
    std::erase(board_->queue, forward);
  };
  while (true) {
    need_session(lock, *forward);
    if (forward->state == Forward::State::open) break;
    if (forward->state == Forward::State::ended) {
      if (forward->error) throw *forward->error;
      break;  // open, and closed by the target since
    }
    if (cancel.cancelled()) {
      give_up();
      cancel.raise();
    }
    if (steady_clock::now() >= deadline) {
      give_up();
      UpstreamError error(
          sqlstate::connection_failure, "",
          fmt::format("failed to open a channel to {}:{}: Connection timed out", host, port));
      error.layer("ssh");
      throw error;
    }
    // Whoever cancels must not take our lock, so a notification may fall between the check and the wait.
    board_->changed.wait_for(lock, look_interval);
  }
  lock.unlock();
  return make_local_end(board_, forward, [self = shared_from_this()] { self->wake_sessions(); });
}

}  // namespace

std::shared_ptr<Tunnel> Tunnel::create(Settings settings) {
  return std::make_shared<SharedTunnel>(std::move(settings));
}

}  // namespace tailrace::replication::ssh
