#include "server/pgwire/input.hpp"

#include <fmt/format.h>

#include <cstring>

#include "server/fatal_error.hpp"

namespace tailrace::server {

namespace {

// Buffers grown for one large message are given back afterwards.
constexpr std::size_t kept_bytes_max = 1 << 20;

std::uint32_t read_uint32(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

bool is_large(char kind) {
  return kind == 'Q' || kind == 'P' || kind == 'B' || kind == 'd' || kind == 'F';
}

FatalError invalid_length(std::uint32_t length, std::size_t limit) {
  FatalError error(sqlstate::protocol_violation,
                   fmt::format("invalid message length {}", static_cast<std::int32_t>(length)));
  error.detail(fmt::format("A message of this kind has 4 to {} bytes.", limit));
  return error;
}

std::optional<Frame> cut(std::string_view bytes, std::size_t kind_size, std::size_t limit) {
  const std::uint32_t length = read_uint32(bytes.data() + kind_size);
  if (length < 4 || length > limit) throw invalid_length(length, limit);
  if (bytes.size() < kind_size + length) return std::nullopt;
  return Frame{.kind = kind_size == 1 ? bytes[0] : '\0',
               .payload = bytes.substr(kind_size + 4, length - 4),
               .size = kind_size + length};
}

}  // namespace

std::span<char> Input::prepare(std::size_t size) {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (data_.size() > kept_bytes_max) {
      data_.clear();
      data_.shrink_to_fit();
    }
  } else if (begin_ > 0 && data_.size() - end_ < size) {
    std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (data_.size() - end_ < size) data_.resize(std::max(end_ + size, 2 * data_.size()));
  return {data_.data() + end_, data_.size() - end_};
}

std::optional<Frame> Input::next() const {
  const std::string_view available = bytes();
  if (available.size() < 5) return std::nullopt;
  return cut(available, 1, is_large(available[0]) ? message_bytes_max : small_message_bytes_max);
}

std::optional<Frame> Input::next_startup() const {
  const std::string_view available = bytes();
  if (available.size() < 4) return std::nullopt;
  return cut(available, 0, startup_packet_bytes_max);
}

std::optional<Frame> Input::next_password() const {
  const std::string_view available = bytes();
  if (available.size() < 5) return std::nullopt;
  return cut(available, 1, password_message_bytes_max);
}

}  // namespace tailrace::server
