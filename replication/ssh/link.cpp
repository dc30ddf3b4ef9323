#include "replication/ssh/link.hpp"

#include <fmt/format.h>
#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "replication/postgres/event_fd.hpp"
#include "replication/upstream_error.hpp"

namespace tailrace::replication::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t receive_bytes = 256 << 10;
// Beyond it nothing more is received until libssh2 has taken some.
constexpr std::size_t input_bytes_max = 1 << 20;

UpstreamError unreachable(const std::string& why) {
  UpstreamError error(sqlstate::connection_failure, "",
                      "failed to connect to the remote host: " + why);
  error.layer("ssh");
  return error;
}

UpstreamError broken(const std::string& why) {
  UpstreamError error(sqlstate::connection_failure, "", why);
  error.layer("ssh");
  return error;
}

Link& link_of(void** abstract) {
  return *static_cast<Link*>(*abstract);
}

ssize_t take_callback(libssh2_socket_t, void* into, std::size_t size, int, void** abstract) {
  return link_of(abstract).take(static_cast<char*>(into), size);
}

ssize_t put_callback(libssh2_socket_t, const void* bytes, std::size_t size, int, void** abstract) {
  return link_of(abstract).put(static_cast<const char*>(bytes), size);
}

int sign_callback(LIBSSH2_SESSION*, unsigned char** signature, std::size_t* size,
                  const unsigned char* data, std::size_t data_size, void** abstract) {
  const auto& key = *static_cast<const PrivateKey*>(*abstract);
  const std::string made = key.sign({reinterpret_cast<const char*>(data), data_size});
  *signature = static_cast<unsigned char*>(std::malloc(made.size()));  // libssh2 frees it
  if (*signature == nullptr) return -1;
  std::memcpy(*signature, made.data(), made.size());
  *size = made.size();
  return 0;
}

// So that a bastion with several host keys shows the one that is known.
std::string host_key_methods(const std::string& known) {
  std::string methods =
      "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,"
      "rsa-sha2-256";
  const std::string type = known.substr(0, known.find(' '));
  if (type.empty()) return methods;
  return (type == "ssh-rsa" ? std::string("rsa-sha2-512,rsa-sha2-256") : type) + "," + methods;
}

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { ensure(libssh2_init(0) == 0, "libssh2 must initialise"); });
}

}  // namespace

Link::Link(const TunnelConfig& config, CancelToken& cancel)
    : config_(config), deadline_(steady_clock::now() + config.connect_timeout) {
  initialise_library();
  socket_ = dial(config_.host, config_.port, config_.network, deadline_, cancel);
  session_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
  if (session_ == nullptr) throw std::bad_alloc();
  try {
    start(cancel);
  } catch (...) {
    closed_ = true;
    libssh2_session_free(session_);
    throw;
  }
}

Link::~Link() {
  if (!closed_) {
    libssh2_session_disconnect(session_, "done");
    send();
  }
  // From here on nothing can be received, so that freeing does not wait for the other side.
  closed_ = true;
  input_.clear();
  taken_ = 0;
  libssh2_session_free(session_);
}

long Link::take(char* into, std::size_t size) {
  const std::size_t there = input_.size() - taken_;
  if (there == 0) return closed_ ? -ENOTCONN : -EAGAIN;
  size = std::min(size, there);
  std::memcpy(into, input_.data() + taken_, size);
  taken_ += size;
  if (taken_ == input_.size()) {
    input_.clear();
    taken_ = 0;
  }
  return static_cast<long>(size);
}

long Link::put(const char* bytes, std::size_t size) {
  if (closed_) return -ENOTCONN;
  output_.append(bytes, size);
  return static_cast<long>(size);
}

void Link::receive() {
  while (!closed_ && input_.size() - taken_ < input_bytes_max) {
    if (taken_ > 0) {
      input_.erase(0, taken_);
      taken_ = 0;
    }
    const std::size_t before = input_.size();
    input_.resize(before + receive_bytes);
    const ssize_t size = ::recv(fd(), input_.data() + before, receive_bytes, 0);
    const int error = errno;
    input_.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
    if (size > 0) {
      heard_ = steady_clock::now();
      asked_ = false;
      if (static_cast<std::size_t>(size) < receive_bytes) return;
    } else if (size == 0 || (error != EAGAIN && error != EINTR)) {
      closed_ = true;
    } else {
      return;
    }
  }
}

void Link::send() {
  while (!closed_ && unsent() > 0) {
    const ssize_t size = ::send(fd(), output_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) {
      closed_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(size);
  }
  if (unsent() == 0) {
    output_.clear();
    sent_ = 0;
  } else if (sent_ > receive_bytes) {
    output_.erase(0, sent_);
    sent_ = 0;
  }
}

milliseconds Link::check_alive() {
  const auto now = steady_clock::now();
  const auto silent = std::chrono::floor<milliseconds>(now - heard_);
  const milliseconds limit = config_.keepalive_idle + config_.connect_timeout;
  if (silent >= limit) {
    throw broken(fmt::format("the bastion {}:{} has not answered for {} s", config_.host,
                             config_.port, silent.count() / 1000));
  }
  if (silent >= config_.keepalive_idle) {
    if (!asked_) {
      asked_ = true;
      libssh2_keepalive_config(session_, 1, 2);
      int next = 0;
      libssh2_keepalive_send(session_, &next);
      send();
    }
    return limit - silent;
  }
  return config_.keepalive_idle - silent;
}

std::string Link::last_error() const {
  char* text = nullptr;
  libssh2_session_last_error(session_, &text, nullptr, 0);
  return text != nullptr ? text : "";
}

void Link::fail(int code) const {
  if (closed_ || code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_RECV ||
      code == LIBSSH2_ERROR_SOCKET_SEND) {
    throw broken(
        fmt::format("the bastion {}:{} closed the connection", config_.host, config_.port));
  }
  throw broken(fmt::format("the session with the bastion {}:{} failed: {}", config_.host,
                           config_.port, last_error()));
}

void Link::wait(CancelToken& cancel) {
  EventFd woken;
  const CancelToken::Registration wake(cancel, [&] { woken.notify(); });
  send();
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now());
  if (left.count() <= 0) {
    throw unreachable(
        fmt::format("connect to host {} port {}: Connection timed out: the bastion "
                    "does not answer",
                    config_.host, config_.port));
  }
  const auto events = static_cast<short>(unsent() > 0 ? POLLIN | POLLOUT : POLLIN);
  pollfd waiting[2] = {{fd(), events, 0}, {woken.fd(), POLLIN, 0}};
  if (!closed_) ::poll(waiting, 2, static_cast<int>(left.count()));
  cancel.check();
  receive();
}

// Calls until it does not say "again".
template <class Call>
int Link::finish(CancelToken& cancel, Call call) {
  while (true) {
    const int code = call();
    if (code != LIBSSH2_ERROR_EAGAIN) {
      send();
      return code;
    }
    if (closed_ && !has_unread()) return LIBSSH2_ERROR_SOCKET_DISCONNECT;
    wait(cancel);
  }
}

void Link::start(CancelToken& cancel) {
  libssh2_session_set_blocking(session_, 0);
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_RECV,
                               reinterpret_cast<void*>(take_callback));
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_SEND,
                               reinterpret_cast<void*>(put_callback));
  libssh2_session_method_pref(session_, LIBSSH2_METHOD_HOSTKEY,
                              host_key_methods(config_.host_key.value_or("")).c_str());
  heard_ = steady_clock::now();
  const int shaken =
      finish(cancel, [&] { return libssh2_session_handshake(session_, socket_.fd()); });
  if (shaken != 0) {
    throw unreachable(
        fmt::format("connect to host {} port {}: {}", config_.host, config_.port,
                    closed_ ? "the connection was closed during the handshake" : last_error()));
  }
  check_host_key();
  log_in(cancel);
  if (!config_.host_key && config_.check_host_key && config_.learn_host_key)
    config_.learn_host_key(host_key_);
}

void Link::check_host_key() {
  std::size_t size = 0;
  int type = 0;
  const char* blob = libssh2_session_hostkey(session_, &size, &type);
  if (blob == nullptr) throw unreachable("the bastion shows no host key");
  host_key_ = key_text({blob, size});
  if (!config_.check_host_key || !config_.host_key || *config_.host_key == host_key_) return;
  UpstreamError changed = unreachable(
      fmt::format("the host key of {}:{} has changed: it shows {}, known is {}", config_.host,
                  config_.port, fingerprint(host_key_), fingerprint(*config_.host_key)));
  changed.hint(
      fmt::format("If the bastion was rebuilt, accept its new key by ALTER CONNECTION {0} "
                  "RESET (HOST KEY); to accept any key, ALTER CONNECTION {0} SET (HOST KEY "
                  "CHECKING = false).",
                  config_.name));
  throw changed;
}

void Link::log_in(CancelToken& cancel) {
  std::string methods;
  finish(cancel, [&] {
    const char* list = libssh2_userauth_list(session_, config_.user.data(),
                                             static_cast<unsigned int>(config_.user.size()));
    if (list != nullptr) methods = list;
    return list != nullptr || libssh2_userauth_authenticated(session_)
               ? 0
               : libssh2_session_last_errno(session_);
  });
  for (const PrivateKey& key : config_.keys) {
    if (libssh2_userauth_authenticated(session_)) return;
    if (methods.find("publickey") == std::string::npos) break;
    const std::string blob = key.public_blob();
    void* abstract = const_cast<PrivateKey*>(&key);
    finish(cancel, [&] {
      return libssh2_userauth_publickey(session_, config_.user.c_str(),
                                        reinterpret_cast<const unsigned char*>(blob.data()),
                                        blob.size(), sign_callback, &abstract);
    });
  }
  if (libssh2_userauth_authenticated(session_)) return;
  if (closed_) {
    throw unreachable(
        fmt::format("connect to host {} port {}: the connection was closed while "
                    "logging in",
                    config_.host, config_.port));
  }
  UpstreamError denied = unreachable(
      fmt::format("{}@{}: Permission denied ({}).", config_.user, config_.host, methods));
  denied.hint(
      "Both public keys of the connection, in mz_ssh_tunnel_connections, belong into the "
      "user's authorized_keys on the bastion.");
  throw denied;
}

}  // namespace tailrace::replication::ssh
