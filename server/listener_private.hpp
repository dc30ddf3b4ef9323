// A listening socket: binds, then hands its clients to the loops in turn. Private to this folder.
#pragma once

#include <functional>
#include <span>

#include "server/io_loop_private.hpp"
#include "server/options.hpp"

namespace tailrace::server {

class Listener {
 public:
  using Accept = std::function<void(IoLoop&, tcp::socket)>;

  // Binds; throws SqlError 58030 naming the address if that cannot be.
  Listener(std::span<const std::unique_ptr<IoLoop>> loops, const ListenAddress& address);

  void start(Accept accept);
  // On the first loop's thread.
  void close();
  ListenAddress address() const;

 private:
  asio::awaitable<void> run(Accept accept);

  std::span<const std::unique_ptr<IoLoop>> loops_;
  ListenAddress address_;
  tcp::acceptor acceptor_;
};

}  // namespace tailrace::server
