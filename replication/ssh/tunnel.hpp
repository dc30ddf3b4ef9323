// A bastion through which upstreams are reached: one SSH session, shared by all who need it.
//
//   libpq ──▶ 127.0.0.1:p ─ accepted only from libpq's own socket ─▶ channel ─┐
//   libpq ──▶ 127.0.0.1:q ─────────────────────────────────────────▶ channel ─┼─▶ SSH session ──▶ bastion ──▶ targets
//
// The session is made when the first needs it, by whoever waits, with back-off after failures; it ends a little after
// its last user. While a target that does not answer keeps it from opening channels, further sessions serve other
// targets. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "replication/ssh/config.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication::ssh {

struct Forward;

// The near end of one connection through a tunnel: a listener on the loopback address that lets in one socket.
class LocalEnd {
 public:
  virtual ~LocalEnd() = default;
  virtual const std::string& address() const = 0;
  virtual std::uint16_t port() const = 0;
  // `socket` (of this process) is connecting to the listener: takes exactly its connection, whoever else connects, and
  // listens no more. Throws if it does not come.
  virtual void admit(int socket) = 0;
  // Throws what broke the tunnel, if something did.
  virtual void check() const = 0;
};

class Tunnel {
 public:
  // Asked anew before each SSH session: what was altered counts from the next one on. May throw SqlError.
  using Settings = std::function<TunnelConfig()>;

  static std::shared_ptr<Tunnel> create(Settings settings);
  virtual ~Tunnel() = default;  // cuts what it carries

  virtual TunnelConfig config() const = 0;
  // Connects to the bastion, logs in, and leaves, in a session of its own.
  virtual void validate(CancelToken& cancel) = 0;
  // A connection to a target as the bastion sees it. Throws UpstreamError, or what `cancel` says.
  virtual std::unique_ptr<LocalEnd> open(const std::string& host, std::uint16_t port,
                                         std::chrono::steady_clock::time_point deadline,
                                         CancelToken& cancel) = 0;
  // Cuts what goes through the old settings.
  virtual void altered() = 0;
};

}  // namespace tailrace::replication::ssh
