// Bytes that must not be found where they were not put: in core dumps, in swap, in memory given back.
//
// They live in pages of their own, which no dump contains and which are cleared before they go. Text that a library
// copies is that library's; what is kept for long is kept here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace {

// Overwrites a text that held a secret, and empties it.
void clear_secret(std::string& text);

class SecretBytes {
 public:
  explicit SecretBytes(std::size_t size);  // zeros; throws std::bad_alloc
  explicit SecretBytes(std::string_view text);
  ~SecretBytes();
  SecretBytes(const SecretBytes& other);
  SecretBytes& operator=(const SecretBytes& other);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  // Ends with a zero that does not count.
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  const char* c_str() const { return reinterpret_cast<const char*>(data_); }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tailrace
