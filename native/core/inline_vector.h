// A vector whose first N elements live inside it, so that the usual op call allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>

namespace lanegrad {

template <class T, size_t N>
class InlineVector {
 public:
  // Provided, so that no initialiser zeroes the elements.
  InlineVector() {}
  InlineVector(std::initializer_list<T> items) {
    for (const T& item : items) push_back(item);
  }
  InlineVector(const InlineVector& other) { append(other); }
  InlineVector(InlineVector&& other) noexcept { take(other); }
  InlineVector& operator=(const InlineVector& other) {
    if (this != &other) {
      clear();
      append(other);
    }
    return *this;
  }
  InlineVector& operator=(InlineVector&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }

  ~InlineVector() {
    std::destroy_n(data(), size_);
    release();
  }

  void push_back(T item) {
    if (size_ == capacity_) grow();
    std::construct_at(data() + size_, std::move(item));
    ++size_;
  }
  void resize(size_t n) {
    if (size_ > n) {
      std::destroy_n(data() + n, size_ - n);
      size_ = n;
    }
    while (size_ < n) push_back(T{});
  }
  void clear() { resize(0); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return heap_ ? heap_ : reinterpret_cast<T*>(inline_); }
  const T* data() const { return heap_ ? heap_ : reinterpret_cast<const T*>(inline_); }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  operator std::span<const T>() const { return {data(), size_}; }
  operator std::span<T>() { return {data(), size_}; }

 private:
  void append(const InlineVector& other) {
    for (const T& item : other) push_back(item);
  }
  // Of an empty vector; leaves `other` empty.
  void take(InlineVector& other) {
    if (other.heap_) {
      release();
      heap_ = std::exchange(other.heap_, nullptr);
      capacity_ = std::exchange(other.capacity_, N);
      size_ = std::exchange(other.size_, 0);
    } else {
      for (T& item : other) push_back(std::move(item));
      other.clear();
    }
  }
  void grow() {
    const size_t wider = std::max(2 * N, 2 * capacity_);
    T* const block = std::allocator<T>().allocate(wider);
    std::uninitialized_move_n(data(), size_, block);
    std::destroy_n(data(), size_);
    release();
    heap_ = block;
    capacity_ = wider;
  }
  void release() {
    if (heap_) std::allocator<T>().deallocate(heap_, capacity_);
  }

  // Not initialised: most calls use two or three of the elements.
  alignas(T) std::byte inline_[N * sizeof(T)];
  T* heap_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = N;
};

}  // namespace lanegrad
