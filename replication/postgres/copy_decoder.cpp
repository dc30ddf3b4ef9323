#include "replication/postgres/copy_decoder.hpp"

#include <cstring>

namespace tailrace::replication {
namespace {

constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);

[[noreturn]] void malformed() {
  throw SqlError(sqlstate::protocol_violation, "upstream sent a malformed row in COPY");
}

template <class T>
T take(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) malformed();
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
}

}  // namespace

CopyDecoder::CopyDecoder(std::vector<FieldValue::Form> forms)
    : forms_(std::move(forms)), fields_(forms_.size()) {}

void CopyDecoder::decode(std::string_view message, RowBuffer& out) {
  if (!header_seen_) {
    if (!message.starts_with(signature)) malformed();
    message.remove_prefix(signature.size());
    take<std::int32_t>(message);  // flags
    const auto extension = take<std::int32_t>(message);
    if (extension < 0 || static_cast<std::size_t>(extension) > message.size()) malformed();
    message.remove_prefix(static_cast<std::size_t>(extension));
    header_seen_ = true;
  }
  while (!message.empty()) {
    const auto count = take<std::int16_t>(message);
    if (count == -1) return;  // the trailer
    if (static_cast<std::size_t>(count) != forms_.size()) malformed();
    for (std::size_t i = 0; i < forms_.size(); ++i) {
      const auto length = take<std::int32_t>(message);
      if (length == -1) {
        fields_[i] = {};
        continue;
      }
      if (length < 0 || static_cast<std::size_t>(length) > message.size()) malformed();
      fields_[i] = {forms_[i], message.substr(0, static_cast<std::size_t>(length))};
      message.remove_prefix(static_cast<std::size_t>(length));
    }
    out.append(fields_, 1, 0);
    ++rows_;
  }
}

}  // namespace tailrace::replication
