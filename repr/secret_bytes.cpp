#include "repr/secret_bytes.hpp"

#include <string.h>  // explicit_bzero
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>

namespace tailrace {

namespace {

std::size_t mapped_size(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + 1 + page - 1) / page * page;  // with the zero at the end
}

}  // namespace

void clear_secret(std::string& text) {
  ::explicit_bzero(text.data(), text.capacity());
  text.clear();
}

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  const std::size_t mapped = mapped_size(size);
  void* pages = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  ::madvise(pages, mapped, MADV_DONTDUMP);
  ::mlock(pages, mapped);  // as far as the limit on locked memory lets us
  data_ = static_cast<std::uint8_t*>(pages);
}

SecretBytes::SecretBytes(std::string_view text) : SecretBytes(text.size()) {
  std::memcpy(data_, text.data(), text.size());
}

SecretBytes::~SecretBytes() {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, size_);
  ::munmap(data_, mapped_size(size_));
}

SecretBytes::SecretBytes(const SecretBytes& other) : SecretBytes(other.view()) {}

SecretBytes& SecretBytes::operator=(const SecretBytes& other) {
  if (this != &other) *this = SecretBytes(other);
  return *this;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace tailrace
