#include "replication/postgres/replication_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/upstream_clock.hpp"

namespace tailrace::replication {

using std::chrono::microseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds status_interval(1);
// While whoever reads is busy.
constexpr std::chrono::seconds busy_status_interval(2);
// An idle server says nothing unless it is asked.
constexpr std::chrono::seconds silence_before_question(10);

constexpr std::size_t data_header_bytes = 1 + 8 + 8 + 8;
constexpr std::size_t sent_at_offset = 1 + 8 + 8;
constexpr std::size_t keepalive_bytes = 1 + 8 + 8 + 1;

std::uint64_t read_u64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void write_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

// In replication commands a backslash is a character like any other, and there is no E'...'.
std::string replication_literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += c;
    literal += c;
  }
  return literal += '\'';
}

}  // namespace

ReplicationStream::ReplicationStream(std::unique_ptr<Connection> connection,
                                     const StreamOptions& options)
    : connection_(std::move(connection)),
      confirmed_(options.start),
      last_status_(steady_clock::now()),
      last_heard_(steady_clock::now()),
      pacing_(steady_clock::now()) {
  if (connection_->hold_back_sender()) pacing_.let_sender_gather();
  const bool binary = options.binary && connection_->server_version() >= 140000;
  connection_->start_copy(fmt::format(
      "START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}{})",
      quote_identifier(options.slot), format_lsn(options.start),
      replication_literal(quote_identifier(options.publication)), binary ? ", binary 'true'" : ""));
  keeper_ = std::jthread([this](std::stop_token stop) { keep_alive(std::move(stop)); });
}

void ReplicationStream::keep_alive(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    stopped_.wait_for(lock, stop, status_interval, [] { return false; });
    if (stop.stop_requested() || steady_clock::now() - last_status_ < busy_status_interval)
      continue;
    try {
      send_status_locked(confirmed_, false);
    } catch (const SqlError&) {
      return;  // whoever reads learns it from the connection
    }
  }
}

ReplicationStream::Event ReplicationStream::read() {
  if (nap_until_) {
    if (steady_clock::now() < *nap_until_) return Nothing{};
    nap_until_.reset();
  }
  const std::lock_guard lock(mutex_);
  std::string_view message;
  switch (connection_->read(message)) {
    case Connection::Read::nothing_yet:
      return Nothing{};
    case Connection::Read::end:
      throw UpstreamError(sqlstate::connection_failure, "", "connection closed");
    case Connection::Read::message:
      break;
  }
  last_heard_ = steady_clock::now();
  if (message[0] == 'w' && message.size() >= data_header_bytes) {
    pacing_.received(message.size(), static_cast<std::int64_t>(read_u64(message, sent_at_offset)));
    return Data{.message = message.substr(data_header_bytes)};
  }
  if (message[0] == 'k' && message.size() >= keepalive_bytes) {
    reply_requested_ = reply_requested_ || message[keepalive_bytes - 1] != 0;
    return Keepalive{.sent_up_to = read_u64(message, 1)};
  }
  throw UpstreamError(sqlstate::protocol_violation, "",
                      fmt::format("invalid replication envelope 0x{:02x} of {} bytes",
                                  static_cast<unsigned char>(message[0]), message.size()));
}

void ReplicationStream::release_message() {
  const std::lock_guard lock(mutex_);
  connection_->release_message();
}

void ReplicationStream::wait(microseconds timeout, int extra_fd) {
  const auto now = steady_clock::now();
  if (!nap_until_) {
    const auto nap = pacing_.nap(now);
    if (nap.count() > 0) nap_until_ = now + nap;
  }
  if (nap_until_) {
    const auto left = std::chrono::ceil<microseconds>(*nap_until_ - now);
    connection_->wait_for(std::clamp(left, microseconds(0), timeout), extra_fd);
  } else {
    connection_->wait(timeout, extra_fd);
  }
  pacing_.waited(steady_clock::now());
}

void ReplicationStream::wait_for(microseconds timeout, int extra_fd) {
  connection_->wait_for(timeout, extra_fd);
  last_heard_ = steady_clock::now();  // we did not listen
}

microseconds ReplicationStream::until_confirm() const {
  const std::lock_guard lock(mutex_);
  if (reply_requested_) return microseconds(0);
  const auto left = last_status_ + status_interval - steady_clock::now();
  return std::max(std::chrono::duration_cast<microseconds>(left), microseconds(0));
}

void ReplicationStream::confirm(Lsn durable) {
  if (until_confirm().count() > 0) return;
  const std::lock_guard lock(mutex_);
  send_status_locked(std::max(durable, confirmed_), silence() > silence_before_question);
}

void ReplicationStream::send_status_locked(Lsn durable, bool asks) {
  confirmed_ = durable;
  reply_requested_ = false;
  last_status_ = steady_clock::now();
  std::string status = "r";
  for (int i = 0; i < 3; ++i) write_u64(status, durable);  // written, flushed, applied
  write_u64(status, static_cast<std::uint64_t>(upstream_clock_now()));
  status += asks ? '\1' : '\0';  // answer at once
  connection_->send(status);
}

}  // namespace tailrace::replication
