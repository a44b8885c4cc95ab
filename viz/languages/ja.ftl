### 画面のすべての日本語。モデルが自ら持つ英語(パラメータ、シナリオ、出来事、打撃)の訳もここに置く。
### 識別子は en.ftl と同じで、変数も同じ。

## 数と日付

# 単位は10億ドルを1とする: 兆、億、万。
amount-units = 1000 0.1 0.00001
amount-none = 0
amount-in-large = { $amount }兆ドル
amount-in-middle = { $amount }億ドル
amount-in-small = { $amount }万ドル
amount-percent = { $amount }%
date-month = y年M月
list-comma = |、|

## ページの最上部

page-light-or-dark = 明暗の切り替え
page-language = 日本語
