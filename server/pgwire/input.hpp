// Received bytes that are not yet consumed, cut into messages.
//
//   message:  kind (1) | length (4, itself included) | payload
//
// Views into the buffer stay valid until the next `prepare`. A length that cannot be is a
// FatalError as soon as the header is there: no memory is taken for bytes that have not come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tailrace::server {

// Of one message: statements, parameters and COPY data. Larger ones end the connection.
inline constexpr std::size_t message_bytes_max = std::size_t{256} << 20;
// Of messages that only carry names and numbers.
inline constexpr std::size_t small_message_bytes_max = 10'000;
// Of the first packet, as in PostgreSQL.
inline constexpr std::size_t startup_packet_bytes_max = 10'000;
// Of a password or SASL message.
inline constexpr std::size_t password_message_bytes_max = 65'535;

struct Frame {
  char kind = 0;  // 0: a start-up packet, which has no kind
  std::string_view payload;
  std::size_t size = 0;  // with its header
};

class Input {
 public:
  // Room to read into, and how much was read.
  std::span<char> prepare(std::size_t size);
  void commit(std::size_t size) { end_ += size; }

  // The next message if all of it is there.
  std::optional<Frame> next() const;
  std::optional<Frame> next_startup() const;
  std::optional<Frame> next_password() const;
  void consume(const Frame& frame) { begin_ += frame.size; }

  std::string_view bytes() const { return {data_.data() + begin_, end_ - begin_}; }

 private:
  std::vector<char> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tailrace::server
