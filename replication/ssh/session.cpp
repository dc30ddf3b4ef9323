#include "replication/ssh/session.hpp"

#include <fmt/format.h>
#include <libssh2.h>
#include <poll.h>

#include <algorithm>
#include <utility>

namespace tailrace::replication::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An open channel is asked for and answered in one round trip, unless the target does not answer.
constexpr milliseconds stuck_after(1000);
// A session that nobody uses is kept so long for the next one.
constexpr milliseconds linger(5000);
constexpr milliseconds wait_max(1000);

}  // namespace

Session::Session(Board& board, const Settings& settings)
    : board_(board), wake_on_stop_(stop_, [this] { wake_.notify(); }) {
  thread_ = std::thread([this, settings] { run(settings); });
}

Session::~Session() {
  stop();
  thread_.join();
}

void Session::stop() {
  UpstreamError stopped(sqlstate::connection_failure, "", "the tunnel was altered or dropped");
  stopped.layer("ssh");
  stop_.cancel(std::move(stopped));
}

bool Session::is_stuck(steady_clock::time_point now) const {
  return opening_since_ && now - *opening_since_ > stuck_after;
}

void Session::run(const Settings& settings) {
  std::optional<UpstreamError> failure;
  try {
    link_ = std::make_unique<Link>(settings(), stop_);
    {
      const std::lock_guard lock(board_.mutex);
      state_ = State::ready;
      was_ready_ = true;
    }
    board_.changed.notify_all();
    serve();
  } catch (const UpstreamError& error) {
    failure = error;
  } catch (const SqlError& error) {
    failure.emplace(error.state(), "", error.message());
    failure->layer("ssh").hint(error.hint());
  } catch (const std::bad_alloc&) {
    failure.emplace(sqlstate::out_of_memory, "", "out of memory");
    failure->layer("ssh");
  }
  end(std::move(failure));
}

void Session::serve() {
  busy_until_ = steady_clock::now() + linger;
  while (!idle_for_long()) {
    stop_.check();
    wake_.clear();
    link_->receive();
    begin_opening();
    go_on_opening();
    if (opens_for_nobody()) return;
    take_sockets();
    const bool moved = pump();
    link_->send();
    const bool nothing_left = !link_->has_unread() || (channels_.empty() && !opening_);
    if (link_->closed() && nothing_left) link_->fail(LIBSSH2_ERROR_SOCKET_DISCONNECT);
    wait(moved);
  }
}

// True at most once: from then on the session takes nothing more.
bool Session::idle_for_long() {
  if (!channels_.empty() || opening_) {
    busy_until_ = steady_clock::now() + linger;
    return false;
  }
  if (steady_clock::now() < busy_until_) return false;
  const std::lock_guard lock(board_.mutex);
  if (!board_.queue.empty()) return false;
  state_ = State::ended;
  return true;
}

// libssh2 opens one channel at a time.
void Session::begin_opening() {
  if (opening_) return;
  const std::lock_guard lock(board_.mutex);
  const auto next = std::find_if(
      board_.queue.begin(), board_.queue.end(),
      [this](const auto& forward) { return !board_.opening.contains(forward->target()); });
  if (next == board_.queue.end()) return;
  opening_ = std::move(*next);
  board_.queue.erase(next);
  board_.opening.insert(opening_->target());
  opening_->state = Forward::State::opening;
  opening_since_ = steady_clock::now();
}

// A target did not answer, who wanted it is gone, and there is nothing else to carry: others get a session that is not
// stuck.
bool Session::opens_for_nobody() {
  if (!opening_ || !channels_.empty()) return false;
  const std::lock_guard lock(board_.mutex);
  return opening_->abandoned;
}

void Session::go_on_opening() {
  if (!opening_) return;
  LIBSSH2_CHANNEL* channel = libssh2_channel_direct_tcpip_ex(
      link_->session(), opening_->host.c_str(), opening_->port, "127.0.0.1", 0);
  if (channel != nullptr) {
    opened(channel);
    return;
  }
  const int code = libssh2_session_last_errno(link_->session());
  if (code == LIBSSH2_ERROR_EAGAIN) return;
  const std::string why = link_->last_error();
  if (code == LIBSSH2_ERROR_TIMEOUT)
    return refused("the bastion does not say whether it can connect");
  if (code != LIBSSH2_ERROR_CHANNEL_FAILURE) link_->fail(code);
  if (why.find("administratively prohibited") != std::string::npos) {
    return refused(
        "the bastion forbids it: administratively prohibited (AllowTcpForwarding, PermitOpen)");
  }
  if (why.find("connect failed") != std::string::npos) {
    return refused(
        "the bastion cannot connect to it: Connection refused, or it cannot be reached from there");
  }
  refused(why);
}

void Session::opened(LIBSSH2_CHANNEL* channel) {
  auto made = std::make_unique<Channel>(*link_, channel, opening_);
  {
    const std::lock_guard lock(board_.mutex);
    opening_->state = Forward::State::open;
    board_.opening.erase(opening_->target());
    if (opening_->abandoned) made->end();
    opening_since_.reset();
  }
  opening_.reset();
  channels_.push_back(std::move(made));
  board_.changed.notify_all();
}

void Session::refused(const std::string& why) {
  {
    const std::lock_guard lock(board_.mutex);
    UpstreamError error(
        sqlstate::connection_failure, "",
        fmt::format("failed to open a channel to {}:{}: {}", opening_->host, opening_->port, why));
    error.layer("ssh");
    opening_->error = std::move(error);
    opening_->state = Forward::State::ended;
    board_.opening.erase(opening_->target());
    opening_since_.reset();
  }
  opening_.reset();
  board_.changed.notify_all();
}

// The near ends that their connections have handed over since.
void Session::take_sockets() {
  const std::lock_guard lock(board_.mutex);
  for (const auto& channel : channels_) {
    if (channel->has_socket() || channel->ended()) continue;
    Forward& forward = *channel->forward();
    if (forward.socket.fd() >= 0) {
      channel->set_socket(std::move(forward.socket));
    } else if (forward.abandoned) {
      channel->end();
    }
  }
}

bool Session::pump() {
  bool moved = false;
  for (const auto& channel : channels_) moved = channel->pump() || moved;
  // Of what has come for channels whose near end is full now: into libssh2's queues, which their windows bound. Else
  // what concerns others would wait behind it.
  if (link_->has_unread() && !channels_.empty()) {
    char nothing = 0;
    const auto drained = libssh2_channel_read(channels_.front()->handle(), &nothing, 0);
    if (drained < 0 && drained != LIBSSH2_ERROR_EAGAIN) link_->fail(static_cast<int>(drained));
  }
  std::erase_if(channels_, [this](std::unique_ptr<Channel>& channel) {
    if (!channel->ended()) return false;
    closing_.push_back(std::move(channel));
    return true;
  });
  for (const auto& channel : closing_) {
    const std::lock_guard lock(board_.mutex);
    channel->forward()->state = Forward::State::ended;
  }
  std::erase_if(closing_, [](const std::unique_ptr<Channel>& channel) { return channel->close(); });
  return moved;
}

void Session::wait(bool only_look) {
  const milliseconds alive = std::min(link_->check_alive(), wait_max);
  const milliseconds timeout = only_look ? milliseconds(0) : alive;
  std::vector<pollfd> waiting;
  waiting.reserve(2 + channels_.size());
  waiting.push_back({link_->fd(), POLLIN, 0});
  if (link_->unsent() > 0) waiting[0].events |= POLLOUT;
  waiting.push_back({wake_.fd(), POLLIN, 0});
  for (const auto& channel : channels_) {
    if (channel->has_socket()) waiting.push_back({channel->fd(), channel->events(), 0});
  }
  ::poll(waiting.data(), waiting.size(), static_cast<int>(timeout.count()));
  std::size_t at = 2;
  for (const auto& channel : channels_) {
    if (!channel->has_socket()) continue;
    const short events = waiting[at++].revents;
    if ((events & POLLIN) != 0) channel->set_readable();
    // A near end that is gone, while nothing is wanted of it: nobody will read what its channel still brings.
    if ((events & (POLLERR | POLLNVAL)) != 0 || (events & (POLLHUP | POLLIN)) == POLLHUP)
      channel->end();
  }
}

void Session::end(std::optional<UpstreamError> failure) {
  std::optional<UpstreamError> told = failure;
  {
    const std::lock_guard lock(board_.mutex);
    if (opening_) {
      opening_->error = told;
      opening_->state = Forward::State::ended;
      board_.opening.erase(opening_->target());
    }
    for (const auto& channel : channels_) {
      channel->forward()->error = told;
      channel->forward()->state = Forward::State::ended;
      channel->forward()->socket = Socket();
    }
  }
  // The near ends close only now, when why they do can be asked.
  channels_.clear();
  closing_.clear();
  opening_.reset();
  link_.reset();
  {
    const std::lock_guard lock(board_.mutex);
    failure_ = std::move(failure);
    opening_since_.reset();
    state_ = State::ended;
  }
  board_.changed.notify_all();
}

}  // namespace tailrace::replication::ssh
