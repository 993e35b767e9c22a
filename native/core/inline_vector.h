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
  InlineVector() = default;
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

  void push_back(T item) {
    if (size_ == capacity_) grow();
    data()[size_++] = std::move(item);
  }
  void resize(size_t n) {
    while (size_ > n) data()[--size_] = T{};
    while (size_ < n) push_back(T{});
  }
  void clear() { resize(0); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return heap_ ? heap_.get() : inline_; }
  const T* data() const { return heap_ ? heap_.get() : inline_; }
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
  void take(InlineVector& other) {
    if (other.heap_) {
      heap_ = std::move(other.heap_);
      size_ = other.size_;
      capacity_ = other.capacity_;
      other.size_ = 0;
      other.capacity_ = N;
    } else {
      for (T& item : other) push_back(std::move(item));
      other.clear();
    }
  }
  void grow() {
    const size_t capacity = std::max(2 * N, 2 * capacity_);
    std::unique_ptr<T[]> wider(new T[capacity]());
    for (size_t i = 0; i < size_; ++i) wider[i] = std::move(data()[i]);
    heap_ = std::move(wider);
    capacity_ = capacity;
  }

  T inline_[N]{};
  std::unique_ptr<T[]> heap_;
  size_t size_ = 0;
  size_t capacity_ = N;
};

}  // namespace lanegrad
