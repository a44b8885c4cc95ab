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
date-label = y年M月
list-comma = |、|

## ページの最上部

page-light-or-dark = 明暗の切り替え
page-language = 日本語
page-full = このサーバーは満席です。誰かがページを閉じれば空きますので、しばらくしてからもう一度お試しください。
page-firm = 企業
page-what-if = もしも
page-over-time = 推移
page-flows = 資金の流れ
page-failures = 破綻
page-events = 出来事
page-compare = 比較
page-files = ファイル
page-what = これは何の図?
page-opening = { $month }の帳簿を開いています…
page-address-length = アドレスの疑問符より後は{ $most }文字までです({ $given }文字あります)
page-address-names = アドレスに書けるのは { $fields } です('{ $given }' は使えません)
page-address-central = central は 1(世界を抽選しない)か 0 です('{ $given }' は使えません)
page-welcome =
    AIは約束の上に築かれています。AIラボは何年もの計算資源の賃借を約束し、クラウド企業はその建設のために借り入れ、貸し手はコンピューターを担保に取ります。「再生」を押して、{ $month }の貸借対照表から、誰が誰に負債を負うのかを月ごとにご覧ください。

## 最上部の見えない債務

debt-whose = これは{ $firm }のために借りられ、他社の帳簿に載っている債務です:{ $parts }。
debt-part = { $who }が{ $amount }
debt-likely = { $of }通りの世界のうち{ $worlds }通りで、{ $firm }は{ $year }年までにデフォルトします。開始から1年半後に破綻させると、100通り中{ $follows }通りで別の借り手も続き、借り手のいないコンピューターのための債務が{ $orphaned }増えます(abm/RISK.md)。
debt-press-play = 「再生」を押すと、その行方が分かります。
debt-now = { $month }には{ $amount }です。
debt-orphaned = 破綻しました。利用者のいなくなった{ $amount }の債務を、借りた側が今も負っています。
carrier-vehicles = データセンター専用の事業会社
carrier-clouds = クラウド企業

## 今月を一文で

status-between = ||
status-month = { $month }:
status-struck = あなたの一撃:{ $firm }が{ $what }。
status-failed-now = 今月、{ $firms }が破綻。
status-and-more = { $firms }ほか{ $more }社
status-none = 破綻した企業はありません。
status-failed = これまでに{ $of }社中{ $failed }社が破綻。
status-carry = 他社がAIラボのために負う債務は{ $amount }。
status-carry-most = 他社がAIラボのために負う債務は{ $amount }、うち{ $lab }の分が{ $most }。
status-carry-idle = 存続するAIラボのために他社が負う債務は{ $amount }。ほかに、顧客が去った設備のための債務が{ $orphaned }。
status-carry-orphaned = 存続するAIラボのために他社が負う債務は{ $amount }。ほかに、破綻した企業や顧客が去った設備のための債務が{ $orphaned }。

## 図の見かた

explained-network =
    印は一つひとつが企業で、資産が多いほど大きく描かれます。色と模様は健全・警戒・危機・破綻を表します。左端に貸し手、次にデータセンター専用の事業会社、その右にクラウド企業、さらに右に計算資源を使うAIラボ、右端に半導体メーカーと無償モデルの作り手が並びます。

    線は債務または約束で、支払う側から受け取る側へ引かれます。融資、計算資源の賃借契約、機器の発注、株式の4種類です。太いほど金額が大きくなります。お金は左へ向かって支払われるので、右の企業が破綻すると、損失は左へ伝わります。

    破綻が起きると、誰が最初に破綻し、どの線を通って損失が届き、連鎖するのかを段階ごとに示します。損失は経路の名で呼びます。取引先:請求や融資が支払われない。顧客:借り手がいなくなる。担保:融資の担保である機器が値下がりする。資金調達:信用を断られる。貸し手間:貸し手が別の貸し手で損をする。ベンダー:発注が取り消される。市場:価格が下がる。

    企業をクリックすると帳簿が開きます。題名の「見えない債務」とは、自らは借りていないAIラボのために、他社が借りたお金のことです。
explained-charts =
    小さなグラフは、それぞれ一つの量を月ごとに示します。単位は題の横にあります。縦線は上に表示中の月で、グラフをクリックするとその月へ移ります。上の目印は破綻した企業です。「比較」を入れると、打撃も変更もない同じ経済が破線で重なります。世界と運は同じで、筋書きだけが違います。
explained-flows =
    AIのために貸されたお金の流れです。左から順に、貸した側、借りた側、最終的にその計算資源を使う側を示し、帯の幅が金額です。右の列が見えない債務で、帳簿の上では中央の企業の債務ですが、支えているのは右の企業の約束です。破綻と記されたAIラボの約束は消えますが、そのために借りたお金の支払義務は残ります。
explained-tree =
    破綻したすべての企業を、左から右へ時間順に並べました。矢印は、先の破綻が次の破綻の一因となったこと、デフォルトのどれだけを説明するか、主にどの経路を通ったかを示します。矢印が向かっていない企業は、自らの事情、筋書きやあなたの打撃、または価格の下落によって破綻しました。筋書きの打撃は自らの事情に含め、あなたの打撃は別の色で示します。
explained-events =
    起きたことを新しい順に並べました。契約の締結、融資、約束の不履行、破綻などです。月をクリックするとその月へ移ります。
explained-compare =
    同じ世界、同じ運の二つの経済です。一つは実行中のもの、もう一つは打撃も変更もない基準シナリオです。両者の違いは、シナリオとあなたの変更がもたらしたものです。
explained-firm =
    表示中の月末の帳簿です。資産と負債の差が純資産で、貸し手より先に損失を吸収します。カバー率は毎月の元利払いに対する稼ぎの倍率で、1を下回ると稼ぎだけでは払えません。LTVは担保である機器の価値に対する債務の割合で、1を上回ると貸し手は全額を回収できません。
explained-what-if =
    ここでは筋書きを変えられます。来月に企業へ打撃を与える、政策を導入する、モデルの数値を変える、のいずれかです。過去も運もそのままなので、見えるのはあなたの変更の効果だけです。数値は、最初の月なら全期間に、それ以後なら翌月から適用されます。
explained-files =
    シナリオファイルは、手で加えた打撃も含め、画面の内容をそのまま再現します。先頭行のコマンドで実行すると、最後の桁まで同じ数値が得られます。表のすべての列に単位と意味が付いています。

## 画面以外のサーバーのページ

server-missing-title = そのページはありません
server-missing-about = あるのは一つだけです:
server-missing-link = シミュレーションの画面
server-full-title = 満席です
server-full-about = このサーバーが同時に動かせるシミュレーションは{ $seats }件で、すべて使用中です。誰かがページを閉じれば空きます。
server-full-link = もう一度試す
server-own = 自分のコンピューターで動かすには:


## Guided story

guide-open = ガイドで見る
guide-next = 次へ
guide-back = 戻る
guide-skip = とばす
guide-done = 自分で動かす
guide-pause = 一時停止
guide-resume = 続ける

guide-borrowed-title = 誰が、誰のために借りたのか
guide-borrowed = { $firm }のために{ $total }が借り入れられましたが、{ $firm }自身の帳簿には載っていません。借り手は{ $first }（{ $most }）、{ $second }（{ $next }）など{ $count }社です。
guide-promised-title = { $firm }の約束
guide-promised = 計算機の賃借に総額{ $total }、うち{ $first }に{ $most }を支払う約束です。AIの売上は年{ $sales }、手元資金は{ $cash }。貸し手はこの約束をあてに貸しています。
guide-weak-title = 弱い市場での破綻
guide-weak = AIの需要が伸びなくなり、{ $month }に{ $firm }を破綻させます。{ $lent ->
    [no] 自社名義の借入には損失が出ません。
   *[yes] 貸し手の損失は{ $credit }です。
 }契約の相手は約束された支払い{ $claims }を、株主は{ $equity }を失います。
guide-follows-title = 広がる破綻：{ $month }
guide-follows = { $others ->
    [0] { $firm }が破綻します。
   *[other] { $firm }ほか{ $others }社が破綻します。
 }{ $firm }の最大の原因（{ $share }%）は、{ $cause }です。損失は貸し手{ $credit }、契約の相手{ $claims }、株主{ $equity }です。
guide-by-customer = { $parent }が計算機を借りなくなったこと
guide-by-counterparty = { $parent }が支払わなかったこと
guide-by-collateral = { $parent }の破綻で借入の担保である計算機の価値が下がったこと
guide-by-funding = { $parent }が貸さなくなったこと
guide-by-lender-to-lender = { $parent }に貸していたこと
guide-by-vendor = { $parent }が注文を取り消したこと
guide-by-market = 価格と需要の下落
guide-by-own = 自社の事情
guide-spread-title = { $years }年後
guide-spread = { $followers ->
    [0] 後に続いて破綻した会社はありません。
   *[other] { $followers }社が後に続きました。
 }貸し手の損失は{ $credit }、借り手のいない計算機のための債務は{ $before }から{ $now }になりました。{ $itself ->
    [yes] { $firm }と
   *[no] {""}
 }このうち{ $anyway }社は、この一撃がなくても今までに破綻していました{ $mostly ->
    [yes] 。大半は需要の弱さだけで起きます
   *[no] {""}
 }。
guide-strong-title = 強い市場での同じ破綻
guide-strong = 同じ会社、同じ偶然で、{ $firm }は同じ月に破綻します。ただしAIの新しい使い道が見つかります。契約の相手は{ $claims }、株主は{ $equity }を失います。
guide-healed-title = { $followers ->
    [0] 癒えた市場：{ $month }
   *[other] 癒えない市場：{ $month }
 }
guide-healed = { $followers ->
    [0] { $years }年間、後に続いた会社はありません。
   *[other] { $years }年間に{ $followers }社が後に続きました。
 }AIの売上は当時の{ $grown }倍です。借り手のいない計算機のための債務{ $before }のうち、残るのは{ $now }。あとは別の借り手がつくか、返済されました。
guide-odds-title = どちらがどれほど起こりやすいか
guide-odds = { $of }の世界のうち{ $worlds }で、{ $firm }は{ $year }年までに債務不履行になります。破綻させた場合、そうでなければ持ちこたえた別の借り手が2年以内に続くのは、需要の弱い世界では100のうち{ $weak }、強い世界では{ $strong }です。ご覧になったのは、両方の結末がよく見えるように選んだ一つの世界です。ここからはご自由に。

## End of a run

ending-head = 最終月：{ $month }
ending-failed = { $count ->
    [0] 破綻した会社はありません。
   *[other] { $count }社が破綻し、うち{ $ended }社が清算されました。
 }
ending-became = 開始時に{ $firm }のために借りられていた{ $total }は、その後の分も含め、いま{ $now }を他社が負っています。
ending-orphaned = 開始時に{ $total }が借りられていた{ $firm }は破綻し、借り手のいない計算機のための債務は{ $now }です。
ending-credit = 貸し手の貸倒損失：{ $total }
ending-claims = 契約で約束されたまま支払われない金額：{ $total }
ending-equity = 株主の損失：{ $total }
ending-by-firm = 主な原因は{ $firm }
ending-by-blow = 受けた衝撃の後に
ending-by-itself = 自社の事情、または価格と需要の下落
ending-rest = 他{ $count }社

## Line of time

page-lecture = 講演用の大きな文字 (l)
guide-slow = 印の前後はゆっくり

## 図：細い線、二つの実行の比較、静止画と動画、印刷

picture-small = 細い線
picture-least = この金額未満の線を隠す
picture-all = すべて表示
picture-below = { $amount } 未満を非表示
picture-film = 動画を記録する
picture-film-stop = 記録を止めて動画を保存する
picture-mine = あなたの実行
picture-base = 基準シナリオ：同じ世界、同じ運、何も変えない場合
picture-same = ここまでは両者に違いはありません。
picture-apart = { $count ->
   *[other] { $count } 社の状態が基準シナリオと異なります（破線の輪）。
 }
picture-only-mine = あなたの実行でだけ破綻：{ $firms }。
picture-only-base = 基準シナリオでだけ破綻：{ $firms }。
picture-title = { $story }、シード { $seed }
picture-title-hand = { $story }（手で変更）、シード { $seed }
picture-source = 出典：Invisible Debt。エージェントベースのシミュレーションであり予測ではありません。{ $opening }の貸借対照表から開始。
picture-film-about = あなたの実行の図を、ある月から別の月まで動画として記録します。月、ストーリー、出典も画面に入ります。最後の月が表示されるとブラウザが保存します。
picture-film-first = 開始月
picture-film-last = 終了月
picture-film-start = 記録
picture-film-wrong = 開始月は 0 以上で終了月より前、終了月は { $months } 以下にしてください。
picture-film-done = 動画を保存しました。

## Many worlds of the visitor's own run

spread-tab = 多数の世界
spread-what = 一回の実行は一つの逸話にすぎません。ここでは、あなたの筋書きを、加えた打撃・政策・数値のまま、多数の世界で実行します。あなたのシードに続く各シードが、わからない数値と運を引き直します。
spread-run = { $worlds }個の世界で実行
spread-stop = 停止
spread-progress = { $worlds }個中{ $done }個の世界が完了（シード{ $first }から）。ほかの訪問者の分と順番に、背後で実行しています。
spread-finished = { $worlds }個中{ $done }個の世界が完了（シード{ $first }から）。
spread-fault = 途中で終わりました：{ $fault }
spread-other = これらの世界は、最後の変更より前の実行のものです。変更を反映するには、もう一度実行してください。
spread-broken = { $runs ->
   *[other] { $runs }個の世界は途中で止まったため、除いてあります。
 }
spread-nobody = { $of }個の世界のどれでも、破綻する企業はありません。
spread-head-firm = 企業
spread-head-fails = 破綻
spread-head-interval = 95 %区間
spread-head-when = 破綻する月の中央値
spread-fails = { $of }個中{ $worlds }個
spread-interval = { $low }～{ $high }
spread-fan-how = 広い帯には十の世界のうち九つ、狭い帯には半分が入り、細い線は中央値です。太い線は、表示中の月までのあなたの実行です。
spread-fan-told = { $what }：{ $when }に中央値{ $middle }、十の世界のうち九つで{ $low }～{ $high }
spread-fan-look_through_flagship = { $firm }のために他社が負う債務（10億ドル）
spread-fan-lost = これまでの貸し手の損失（10億ドル）
spread-fan-failed = これまでに破綻した企業の数
spread-fan-capex = 投資（月、10億ドル）
spread-fan-ai_revenue = AIの売上（月、10億ドル）
spread-fan-spot_price = GPUの賃料（H100e時間あたりドル）

## 筋書き・シード・時間

choice-story = 筋書き
choice-seed = シード
choice-central = 中央値
choice-central-about = シードは世界と運を抽選します。「中央値」を入れると運だけを抽選し、確かには分からない数値はすべて範囲の中央に置かれます。
choice-months = 月数
choice-compare = 比較
choice-unknown-story = シナリオは { $known } のいずれかです('{ $given }' はありません)
time-to-start = 最初に戻る (r)
time-back = 1か月戻る (,)
time-play = 再生
time-pause = 停止
time-on = 1か月進む (.)
time-next-failure = 次の破綻へ
time-speed = 速さ
time-fastest = 最高速
time-months-a-second = 毎秒{ $months }か月
time-month-shown = 表示中の月
time-mark = { $month }:{ $what }
time-fails = { $firm }が破綻
time-by-you = { $what }(あなたの一撃)
time-in-story = { $what }(この筋書き)
time-struck = { $firm }が{ $what }
time-changes = 「{ $parameter }」が変わる

## 企業の種類と状態

kind-lab = AIラボ
kind-hyperscaler = 大手クラウド
kind-neocloud = AIクラウド
kind-vehicle = 事業会社(SPC)
kind-lender = 貸し手
kind-vendor = 半導体メーカー
kind-entrant = 公開モデルの新規参入者
kind-outside = 外部部門
plainly-hyperscaler = 大手クラウド(ハイパースケーラー)
plainly-neocloud = AIクラウド(ネオクラウド)
plainly-vehicle = データセンター事業会社(SPC)
plainly-vendor = 半導体メーカー
plainly-entrant = 公開モデルの新規参入者
lane-lenders = 貸し手
lane-vehicles = 事業会社
lane-neoclouds = AIクラウド
lane-hyperscalers = 大手クラウド
lane-labs = AIラボ
lane-others = 半導体・無償モデル
health-sound = 健全
health-strained = 警戒
health-distressed = 危機
health-failing = 今月破綻
health-failed = 破綻済み

## グラフ

chart-baseline = 基準 { $value }
chart-none = 表示できるグラフはまだありません。
chart-download = すべてのグラフをPNGで保存
chart-reading = 時系列のグラフ。左右の矢印キーで月を移動し、Enterでその月へ移ります。
chart-what = これは何の図?
chart-what-of = これは何の図?:{ $title }
chart-failed = 破綻:{ $who }
chart-failures = 破綻
chart-no-failures = 破綻はまだありません
chart-values = { $month }の値 · グラフをクリックするとその月へ
chart-values-dashed = { $month }の値 · 破線:基準シナリオ · グラフをクリックするとその月へ
panel-price = AIの仕事の価格
panel-price-unit = 指数、{ $opening }=100
panel-price-about = 顧客がAIの仕事1単位に支払う価格です。
line-token-price = 販売価格
line-equal-quality-price = 同一品質換算
panel-rent = GPUの賃料
panel-rent-unit = ドル/H100換算・時
panel-rent-about = 計算資源を1時間借りる費用です。下がると、融資の担保の価値も下がります。
line-spot-price = スポット
line-contract-price = 新規契約
panel-investment = 投資と売上
panel-investment-unit = 10億ドル/月
panel-investment-about = 機器と用地への支出と、顧客がAIサービスに支払う額です。
line-capex = 投資
line-ai-revenue = AI売上
panel-debt = 債務
panel-debt-unit = 10億ドル
panel-debt-about = AIラボ、クラウド企業、事業会社が負う債務です。
line-debt = 債務総額
line-ai-debt = うちAI向け
panel-carried = AIラボのための債務
panel-carried-unit = 10億ドル
panel-carried-about = 見えない債務です。各ラボのために他社が借り、ラボ自身の帳簿には載りません。破綻したラボの分は数えませんが、借りた側の支払義務は残ります。
panel-failures = 破綻
panel-failures-unit = 社
panel-failures-about = デフォルトした企業の数です。その月の(あらゆる形の)デフォルトと、消滅した企業の累計を示します。
line-failed = 破綻の累計
line-defaults = デフォルト
panel-lenders = 貸し手
panel-lenders-unit = 10億ドル
panel-lenders-about = 貸し手が自ら破綻するまでに吸収できる損失です。
line-lender-capital = 自己資本
panel-credit = 貸倒損失と新規融資
panel-credit-unit = 10億ドル/月
panel-credit-about = 損失が増えると、新規の融資が細ります。
line-new-loans = 新規融資
line-lender-losses = 損失
panel-hardware = 機器
panel-hardware-unit = 100万基(H100換算)
panel-hardware-about = 経済全体のGPUを、同じ仕事をするH100の数で表しました。
line-fleet = 稼働設備
panel-power = 電力
panel-power-unit = GW
panel-power-about = 機器が消費する電力です。
line-power-gw = 消費電力
panel-balance = 資産と負債
panel-balance-unit = 10億ドル
panel-balance-about = 差が純資産です。
line-assets = 資産
line-liabilities = 負債
panel-income = 収入と支出
panel-income-unit = 10億ドル/月
panel-income-about = その月の収入と費用です。
line-revenue = 収入
line-operating-cost = 運営費
line-interest-cost = 利息
panel-chance = 1年以内の破綻確率
panel-chance-unit = %
panel-chance-about = 貸し手の見方です。
line-pd-percent = 確率
way-liquidation = 清算
way-reorganisation = 法的再建
way-distressed-exchange = 債務交換
way-deferral = 返済猶予

## 基準シナリオとの比較

compare-stop = 比較をやめる
compare-start = 基準シナリオと比べる
compare-about = 同じ世界、同じ運で何も変えない経済を、並べて実行します。
compare-first = どちらも同じ貸借対照表から始まります。「再生」を押してください。
compare-unit = 単位
compare-this-run = この実行
compare-baseline = 基準
compare-difference = 差
compare-of-failed = 破綻企業の累計
compare-of-ai-revenue = AI売上
compare-of-capex = 投資
compare-of-ai-debt = AI向け債務
compare-of-look-through = 存続するAIラボのための債務
compare-of-look-through-flagship = うち{ $flagship }の分
compare-of-orphaned = 宙に浮いた債務:破綻企業や、顧客が去った設備の分
compare-of-lender-capital = 貸し手の自己資本
compare-of-new-loans = 新規融資
compare-of-spot-price = GPUの賃料
compare-of-token-price = AIの仕事の価格
compare-of-fleet = 機器
compare-of-power-gw = 電力

## 単位(モデルが英語で持つもの)

unit-bn = 10億ドル
unit-bn-month = 10億ドル/月
unit-index = 指数
unit-usd-h100e-h = ドル/H100換算・時
unit-m-h100e = 100万基(H100換算)
unit-gw = GW
unit-firms = 社
unit-ratio = 倍率
unit-share = 割合
unit-1-year = /年
unit-1-month = /月
unit-x-year = 倍/年
unit-log = 対数
unit-log-odds = 対数オッズ
unit-years = 年
unit-months = か月
unit-count = 件
unit-halls = 棟
unit-bn-gw = 10億ドル/GW
unit-gw-year = GW/年
unit-usd-mwh = ドル/MWh
unit-usd-t = ドル/t
unit-t-mwh = t/MWh

## ネットワーク図

network-size-note = 資産(貸し手は図中の融資額、破綻企業は破綻前)
network-size = { $what } { $amount }
network-own = 資産
network-explained = 企業と相互の債務のネットワーク。矢印キーで企業を移動、Enterで開く、+と-で拡大縮小、0で全体表示、Escapeで解除。同じ内容は下の「表」ボタンで読めます。
network-hint = クリックしてから、スクロールやドラッグで拡大・移動
network-replay = 連鎖をもう一度見る
network-zoom-in = 拡大
network-zoom-out = 縮小
network-whole = 全体を表示
network-download = PNGで保存
network-lines = 線(クリックで非表示)
network-firms = 企業(大きさ:{ $note })
network-health = 状態
network-in-words = 文字で
network-table = 表
network-head-firm = 企業
network-head-kind = 種類
network-head-size = 規模
network-head-health = 状態
network-head-owes = 支払う額(約束を含む)
network-head-owed = 受け取る額
network-kind-health = { $kind }、{ $health }
network-plainly = { $kind }({ $plainly })
network-hyperscaler = ハイパースケーラー
network-neocloud = ネオクラウド
network-entrant = 無償モデル
network-ties = { $what } { $amount }({ $ties }社)
network-a-firm = ある企業
network-and-more = { $firms }ほか{ $more }社
network-and = { $firms }、{ $last }
network-prices = 価格下落
network-mostly = 主に{ $channel }
network-loss = { $how } { $amount }
network-fail =
    { $count ->
       *[other] { $firms }が破綻
    }
network-travel = 損失が広がる
network-by = { $what } · 損失の経路:{ $channels }
network-round = { $month }、第{ $at }段階(全{ $of }段階):{ $what }
network-told = { $month }、{ $what }
edge-loan = 融資
edge-loan-verb = 融資:{ $from }が{ $to }に{ $amount }の債務を負う
edge-loan-gives = 借入残高
edge-loan-takes = 融資残高
edge-loan-about = 借り手から貸し手への債務。矢印は貸し手を指します
edge-compute = 計算資源契約
edge-compute-verb = 計算資源契約:{ $from }が{ $to }に{ $amount }の支払いを約束
edge-compute-gives = 計算資源の支払約束
edge-compute-takes = 計算資源の販売契約
edge-compute-about = 計算資源への支払いの約束。矢印は提供者を指します
edge-order = 発注
edge-order-verb = 発注:{ $from }が{ $to }に機器{ $amount }を発注
edge-order-gives = 機器の発注残
edge-order-takes = 機器の受注残
edge-order-about = 機器の発注。矢印は供給者を指します
edge-equity = 株式
edge-equity-verb = 株式:{ $from }が{ $to }に{ $amount }の株式を発行
edge-equity-gives = 発行済みの株式
edge-equity-takes = 保有する株式
edge-equity-about = 発行会社の株式の保有。矢印は保有者を指します
channel-counterparty = 取引先
channel-customer = 顧客
channel-collateral = 担保
channel-funding = 資金調達
channel-lender-to-lender = 貸し手間
channel-vendor = ベンダー
channel-market = 市場
drawn-large = { $amount }兆ドル
drawn-middle = { $amount }億ドル
drawn-small = { $amount }万ドル
drawn-least = 1万ドル未満

## 破綻の樹形図

tree-label = 時間順の破綻と、その原因となった企業
tree-none = まだ破綻はありません。
tree-round = { $month }、第{ $round }段階
tree-own = 自らの事情
tree-yours = あなたの一撃
tree-market = 市場
tree-others = 他社の破綻・経営難
tree-own-and-shock = 自らの事情と受けた打撃
tree-firm = 企業
tree-could-not-pay = { $kind }、債務の全額を支払えず(支払わず)
tree-under-stress = { $kind }、経営難に陥るも存続
tree-share = { $share } { $what }
tree-more = ほか小さな原因{ $more }件
tree-defaulted = { $amount }のデフォルト
tree-stressed = 経営難、存続
tree-cause = { $share } { $firm }({ $channels })
tree-channel = { $channel } { $share }
tree-on-line = { $share } · { $channel } { $part }
tree-least = 1%未満
tree-percent = { $amount }%
tree-beside = { $firm }:{ $what }

## 資金の流れ

flow-label = 誰が誰に貸し、誰が使うのか
flow-in-words = 同じ内容を文字で
flow-nothing = AIのための融資はありません。
flow-lenders = 貸し手
flow-borrowers = 借り手
flow-users = 利用者
flow-own = 自社の事業
flow-customers = その他の顧客
flow-idle = 遊休設備
flow-smaller = その他{ $count }社
flow-failed = { $firm }(破綻)
flow-lent = { $borrower }への融資{ $amount }、利用者は{ $user }
flow-more = { $firms }ほか{ $more }社
flow-kind-lent = { $kind }、AI向け融資
flow-kind-owed = { $kind }、AI向け債務
flow-kind-borrowed = { $kind }、そのために借りられた額
flow-to = 相手先:{ $firms }
flow-for = 利用者:{ $firms }
flow-by = 借り手:{ $firms }
flow-from = 貸し手:{ $firms }
flow-plain-lent = AI向け融資
flow-plain-owed = AI向け債務
flow-plain-borrowed = そのために借りられた額

## モデルが英語で持つもの:シナリオ・打撃・出来事

story-baseline = 基準シナリオ:開始時の計画がそのまま進む
story-h1_new_uses = H1:新しい用途が投資を回収する
story-h2_rebound = H2:効率化が需要を広げる
story-h3_democratisation = H3:小さな企業も加わる
story-h4_public_backstop = H4:国が一部を負担する
story-inelastic_demand = 安くなっても需要はほとんど増えない
story-perfect_storm = 最悪の嵐:すべてが同時に悪化する
story-r1_demand_disappoints = R1:需要が期待を裏切る
story-r2_obsolescence = R2:機器が融資より先に陳腐化する
story-r3_efficiency_leap = R3:ソフトウェアが機器の仕事を奪う
story-r4_commoditisation = R4:モデルがコモディティ化する
story-r5_energy_and_carbon = R5:エネルギーと炭素が高騰する
story-r6_customer_concentration = R6:唯一の大口顧客が破綻する
story-subprime = サブプライム型:ある世代の担保がまとめて値下がりする
story-telecom_2001 = 通信バブル型(2001年):需要が止まり、資金調達の窓も閉じる
story-vendor_finance = ベンダーファイナンス:GPUメーカーが顧客に貸し、やがてやめる
effect-demand = 顧客の支持を失う
effect-stops-paying = 支払いを止める
effect-loses-cash = 現金を失う
effect-defaults = 破綻する
effect-loses-capacity = 計算設備を失う
event-contract-signed = 契約締結
event-loan-made = 融資実行
event-gpus-ordered = GPU発注
event-equity-raised = 増資
event-contract-renegotiated = 契約の再交渉
event-generation-released = 新世代GPUの発売
event-open-model-released = 公開モデルの発表
event-default = デフォルト
event-covenant-broken = コベナンツ違反
event-lender-stops-lending = 貸し手の融資停止
event-fire-sale = 投げ売り
event-order-cancelled = 発注取消
event-firm-entered = 新規参入
event-line-called = 融資枠の回収
event-public-backstop = 公的支援
event-loan-amended = 融資条件の変更
event-project-founded = 事業会社の設立
event-rescue-round = 救済増資
event-debt-exchanged = 債務交換
event-protected-by-the-court = 裁判所の保護(法的手続き)
event-reorganised = 再建計画の成立
event-contract-repudiated = 契約の破棄
effect-demand-size = 大きさ(-10~10、-0.5で大打撃)
effect-loses-cash-size = 金額(10億ドル)
effect-loses-capacity-size = 計算設備に占める割合(0~1)
item-cash = 現金
item-gpus = GPU
item-data-centre-sites = データセンター用地・建屋
item-prepaid-compute = 計算資源の前払金
item-deposits-on-orders = 発注の前渡金
item-loans-made = 貸出金
item-shares-held = 保有株式
item-other-assets = その他の資産
item-loans-and-bonds = 借入金・社債
item-customers-prepayments = 顧客からの前受金
item-customers-deposits-on-orders = 顧客からの発注前受金
item-savers-money-behind-loans-made = 貸出の原資(預金・出資金)
item-other-debt = その他の負債
loan-ddtl = 遅延引出型タームローン
loan-bond = 社債
loan-revolver = コミットメントライン
loan-project-loan = プロジェクトローン
loan-warehouse-line = ウェアハウスライン
loan-vendor-loan = ベンダーローン
loan-margin-loan = 証券担保ローン
collateral-none = 無担保
collateral-fleet = GPU
collateral-site = 用地・建屋
collateral-holdings = 保有株式

## 開いている企業

firm-choose = 図の企業をクリックするか、ここで選ぶと、資産と負債、依存先、破綻した場合はその理由が分かります。
firm-opening = 帳簿を開いています…
firm-until-failed = 破綻までの帳簿
firm-invisible = 見えない債務:誰が誰のために借りたか
firm-balance-sheet = 貸借対照表
firm-contracts = 契約({ $count }件)
firm-loans = 債務と融資({ $count }件)
firm-hardware = 機器・電力・排出量
firm-stop-paying = 支払停止
firm-fail = 破綻
firm-next-month = (来月)
firm-state = { $kind } · { $health } · { $month }
firm-why-failed = 破綻の理由:{ $why }。
firm-why-defaulted = デフォルトの理由:{ $why }。
firm-struck = { $month }にあなたが一撃を与えました:{ $what }。
firm-gone = 破綻したため、資産も負債もありません。
firm-orphaned = 宙に浮いた債務
firm-orphaned-about = そのために他社が借り、今も返済義務を負う額
firm-owns = 資産
firm-owes = 負債
firm-net-worth = 純資産
firm-net-worth-about = 損失への備え
firm-protected = 法的保護
firm-protected-until = { $month }まで
firm-protected-about = 裁判所の保護下、債権者は待つ
firm-chance = 破綻確率
firm-chance-about = 1年以内、貸し手の見方
firm-capital = 自己資本比率
firm-capital-about = リスク加重した融資に対して
firm-cover = カバー率
firm-cover-about = 稼ぎ÷元利払い
firm-times = { $number }倍
firm-ltv = LTV
firm-ltv-about = 担保付き債務÷担保価値
firm-top-customer = 最大の顧客
firm-top-customer-about = 契約の{ $share }
firm-carried = 他社が負う債務
firm-carried-about = 自社の帳簿に載らない(簿外)
firm-all-owned = 資産合計
firm-head-owns = 資産
firm-head-owes = 負債
firm-head-net-worth = 純資産
firm-no-contracts = 有効な契約はありません。
firm-binds-nobody = 拘束力なし
firm-take-or-pay = { $share }は未使用でも支払義務(テイク・オア・ペイ)
firm-backstop-size = 上限{ $amount }
firm-backstop = 借り手の付かない分だけ
firm-months-left = 残り{ $months }か月
firm-months = { $months }か月
firm-buys = { $firm }から賃借
firm-sells = { $firm }へ賃貸
firm-guarantees = { $firm }を保証
firm-with-whom = 相手先
firm-still-to-pay = 残りの支払額
firm-amount = 金額
firm-more-contracts = ほか小口の契約{ $count }件
firm-more-loans = ほか小口の融資{ $count }件
firm-no-loans = 債務も融資もありません。
firm-loans-owes = 債務 { $amount }:
firm-loans-lends = 融資 { $amount }:
firm-head-kind = 種類
firm-due-1 = 1年以内
firm-due-3 = 1~3年
firm-due-later = 3年超
firm-loan = { $kind }、金利{ $rate }、{ $month }満期、担保:{ $security }
firm-loan-covenant = { $kind }、金利{ $rate }、{ $month }満期、担保:{ $security }(LTV上限{ $limit })
firm-no-hardware = 自社の計算設備はありません。
firm-generation = 世代
firm-age = 使用期間
firm-in-books = 簿価
firm-worth = 時価
firm-on-order = 発注残:{ $units } { $unit }。
firm-use-later = 稼働率・電力・CO2は、1か月実行した{ $month }から分かります。
firm-use = 稼働率:{ $share }。電力:月{ $energy } TWh(再生可能{ $renewable })、CO2:月{ $emissions } Mt。
firm-h100e = 1 H100e は H100 チップ1個分の計算能力、M H100e はその100万個分です。
firm-orphaned-owed = 宙に浮いた債務(そのために借りた側が負う)
firm-carries-for = 他社のために負う債務
firm-lends-for = 融資の最終利用者
firm-sum = { $what }({ $amount }):
firm-head-firm = 企業
firm-head-debt = 債務
firm-no-debt-rests = 自社の帳簿にも他社の帳簿にも、この企業に依拠するAI債務はありません。

## 変えられるもの

change-yours = あなたの変更
change-undo = すべて元に戻す
change-from-start = { $parameter } = { $value }(最初から)
change-from = { $parameter } = { $value }({ $month }から)
change-strike = { $month }:{ $firm }が{ $what }
change-strike-sized = { $month }:{ $firm }が{ $what }({ $size })
change-strike-title = 来月、企業に一撃を与える
change-what-happens = 何が起きるか
change-all-of-it = 大きさ:すべて
change-strike-button = 一撃
change-policies = 政策
change-matter = 最も重要な数値
change-all = モデルの全数値({ $count }個)
change-search = 検索:名前や説明の語
change-none-found = 名前や説明にこの語を含む数値はありません。
change-more = ほか{ $count }件:語を足して絞り込んでください
change-acting = 打撃を含む現在の値:{ $value }。
change-span = { $low }~{ $high }、既定値{ $usual }。
change-span-drawn = { $low }~{ $high }、既定値{ $usual }、この世界では{ $drawn }。
policy-backstop-share = 破綻する貸し手の不足額の8割を国が補う
policy-public-guarantee = AI融資の貸し手の損失を国が半分負担する
policy-public-share = 機器と用地の費用の3割を国が負担する
policy-concentration-cap = 売上の半分超を1顧客に頼るクラウドには貸さない
policy-max-ltv = 融資は担保の機器の価値の6割まで
policy-max-contract-tenor = 計算資源の賃借契約は最長3年
policy-capital-requirement = 貸し手の必要自己資本を1.5倍にする

## 破綻の説明と出来事の記録

tree-nobody-until = { $month }までに破綻した企業はありません。
