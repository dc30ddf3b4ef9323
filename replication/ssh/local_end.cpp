#include "replication/ssh/local_end.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace tailrace::replication::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Both ends are in this process: only strangers in the queue before ours can take time.
constexpr std::chrono::seconds admit_patience(5);
constexpr int backlog = 16;

UpstreamError local_failure(std::string_view what) {
  UpstreamError error(sqlstate::io_error, "",
                      "cannot open the near end of a tunnel: " + std::string(what));
  error.layer("ssh");
  return error;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_family == b.sin_family && a.sin_port == b.sin_port &&
         a.sin_addr.s_addr == b.sin_addr.s_addr;
}

class LoopbackEnd final : public LocalEnd {
 public:
  LoopbackEnd(std::shared_ptr<Board> board, std::shared_ptr<Forward> forward,
              std::function<void()> wake)
      : board_(std::move(board)), forward_(std::move(forward)), wake_(std::move(wake)) {
    listener_ = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in own = loopback(0);
    socklen_t size = sizeof own;
    if (listener_.fd() < 0 || ::bind(listener_.fd(), generic(own), size) != 0 ||
        ::listen(listener_.fd(), backlog) != 0 ||
        ::getsockname(listener_.fd(), generic(own), &size) != 0) {
      throw local_failure(std::strerror(errno));
    }
    port_ = ntohs(own.sin_port);
  }

  ~LoopbackEnd() override {
    {
      const std::lock_guard lock(board_->mutex);
      forward_->abandoned = true;
    }
    wake_();
  }

  const std::string& address() const override { return address_; }
  std::uint16_t port() const override { return port_; }

  void admit(int socket) override {
    // A connection is known by its two addresses, and one of these is bound to our socket: nobody else can have it.
    sockaddr_in expected{};
    socklen_t size = sizeof expected;
    if (::getsockname(socket, generic(expected), &size) != 0)
      throw local_failure(std::strerror(errno));
    Socket accepted = accept(expected);
    listener_ = Socket();
    const int on = 1;
    ::setsockopt(accepted.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    {
      const std::lock_guard lock(board_->mutex);
      if (forward_->error) throw *forward_->error;
      // Closed by the target already: then so is ours.
      if (forward_->state == Forward::State::open) forward_->socket = std::move(accepted);
    }
    wake_();
  }

  void check() const override {
    const std::lock_guard lock(board_->mutex);
    if (forward_->error) throw *forward_->error;
  }

 private:
  Socket accept(const sockaddr_in& expected) {
    const auto deadline = steady_clock::now() + admit_patience;
    while (true) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      Socket accepted(
          ::accept4(listener_.fd(), generic(peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.fd() >= 0 && same(peer, expected)) return accepted;
      if (accepted.fd() >= 0) continue;  // a stranger: closed
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        throw local_failure(std::strerror(errno));
      const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
      if (left.count() <= 0) throw local_failure("its own connection does not arrive");
      pollfd waiting{listener_.fd(), POLLIN, 0};
      ::poll(&waiting, 1, static_cast<int>(left.count()));
    }
  }

  const std::string address_ = "127.0.0.1";
  std::shared_ptr<Board> board_;
  std::shared_ptr<Forward> forward_;
  std::function<void()> wake_;
  Socket listener_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<LocalEnd> make_local_end(std::shared_ptr<Board> board,
                                         std::shared_ptr<Forward> forward,
                                         std::function<void()> wake) {
  return std::make_unique<LoopbackEnd>(std::move(board), std::move(forward), std::move(wake));
}

}  // namespace tailrace::replication::ssh
