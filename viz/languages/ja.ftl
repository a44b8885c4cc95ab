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
