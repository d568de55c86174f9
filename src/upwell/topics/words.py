"""Words that cannot stand in a topic's name, or not everywhere in it.

Written by reading the names that c-TF-IDF proposes for papers of Hugging Face, arXiv and NeurIPS.
Nouns are in the singular and all words in lower case, as `phrases.word_key` gives them.
"""

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

# A phrase never runs across these: what authors say about any work, and grammar that
# scikit-learn's list of English stop words lacks.
_VERBS = """
    accelerate achieve acquire add address adopt advance aim allow alleviate appear argue arise
    assess assist assume attain attempt avoid base bring build call capture cause characterize
    choose claim collect combine come compare comprise compute conclude confirm consider consist
    construct contain contribute cover create deal decrease define deliver demonstrate depend
    deploy derive describe desire determine develop devise differ discover discuss eliminate
    emerge emphasize employ enable encounter encourage enhance ensure equip establish evaluate
    examine exceed exhibit exist expand expect explain explore express extend facilitate fail
    feature find focus follow formulate gain generalize generate give grow help highlight hinder
    identify illustrate implement imply improve include incorporate increase indicate infer
    inspire integrate introduce investigate involve keep know lack lead learn leave let leverage
    limit look maintain make match measure meet mention mitigate modify motivate necessitate need
    note observe obtain occur offer operate outline outperform overcome perform pose possess
    present preserve prevent produce promote propose prove provide publish pursue quantify reach
    realize receive recognize reduce refer relate release rely remain remove report represent
    require resolve respect restrict result retain return reveal run satisfy say see seek seem
    select serve set shed show simplify solve span specify start streamline struggle study suffer
    suggest summarize support surpass tackle tailor take tend test think train treat try turn
    underlie underscore understand unify update use utilize validate vary verify want write yield
    analyze apply exploit help rank tune scale process outline bridge foster gather underperform
    boost carry craft curate delve embed enrich evolve excel face fill fix formalize guide handle
    harness inform inherit investigate isolate judge justify narrow navigate nominate normalize
    overlook place position prepare prioritize prompt put question reconcile refine reflect
    regard reproduce rethink revisit ship situate spend stem sustain target tell translate
    transform unleash unlock unveil view work
"""
_WORDS = """
    ability able absence abstract accordingly account accuracy accurate achievement actual addition
    additional advancement advantage aka al alternative amount ample analysis appealing applicable
    applicability application approach appropriate area article aspect author available average
    aware baseline basic basis benchmark benefit best better beneficial breakthrough broad
    broader capability capable careful case category certain challenge challenging cheap
    choice clear close closed closer code codebase combination common community comparable
    comparative comparison compelling competitive complete complex complexity component
    comprehensive conclusion concrete condition consequence considerable consistent contribution
    conventional core correct corresponding cost costly critical crucial current cutting-edge
    dataset date degree deep-dive demand demo desirable despite detail different difference
    difficult difficulty direct direction distinct diverse diversity done drawback dramatic ease
    easier easy effect effective effectiveness efficacy efficiency efficient effort elegant
    empirical end-to-end entire especially essential etc evaluation evidence exact example
    excellent exceptional existence expensive experiment experimental extension extensive extent
    fact fair false far fashion fast faster feasibility feasible field fine-grained flexibility
    flexible form formulation framework free frequent full fundamental furthermore future gap
    general generic github goal good great greater ground-breaking group growth guarantee hand hard
    harder high-quality higher highest holistic hope https http huge hurdle idea ideal immense
    impact important importance impressive improvement in-depth individual initial innovative
    innovation insight interesting introduction intuition intuitive investigation ie eg issue key
    kind known large-scale larger largest latest leading level lightweight likely limitation list
    literature little long-standing lot low-cost lower lowest main major majority manner massive
    mean meaningful means merit method methodology metric minimal minor model-agnostic modern
    modest modular month motivation multiple naive necessary necessity new next non notable note
    noteworthy notion novel novelty number numerous objective observation obvious off-the-shelf
    one-stage open-ended opportunity optimal order original outcome outstanding overall overview
    paper paradigm part particular past peer people perfect performance perspective phase
    phenomenon piece pioneering pipeline pivotal plausible point popular popularity possibility
    possible potential powerful practical practice practitioner precise preliminary prevalent
    previous primary principal principled prior problem procedure progress project prominent
    promising proper property proposal prototype provable public purpose quality quantitative
    question quick range rapid rate rationale reader ready real real-world reality reason
    reasonable recent reliability reliable relevant remarkable repository research researcher
    respective result rich rigorous robust role root rough same satisfactory scenario
    scheme scope second section sense separate serious setting setup several severe shift
    short short-coming shortcoming shot significance significant similar simple simpler simplicity
    simultaneous single-stage situation size slight small smaller solution sophisticated source
    special specific specialized stage standard state-of-art state-of-the-art statement status
    step straightforward strategy strength striking strong stronger study subject subsequent
    substantial success successful sufficient suitable superior superiority survey systematic task
    task-specific technical technique technology term theme thing thorough thousand time
    timely today tool total traditional tremendous trend true truth two-stage type typical
    ubiquitous ultimate unexplored unified unique universal unknown unprecedented up-to-date
    usage useful usefulness user-friendly utility valid valuable variation variant variety various
    vast versatile versatility viable vital way weak weakness wealth website week well-established
    well-known wide widespread widely-used wide-ranging work workshop world-class worse worst
    worth year zero thereof us day designed designing trained incentivizing
    aligning balancing prone ii iii hour minute paradigm shift keyword et towards toward per via vs
    versus without within upon et thereby furthermore additionally million billion percent half
    twice double triple ten hundred finally lastly moreover consequently meanwhile
    don doesn isn aren wasn weren can't won't ll ve re didn hasn haven let's vanilla counterpart
    fidelity implication inherent intrinsic extrinsic underlying ongoing growing scarce scarcity
    considerable advent era landscape interplay avenue foundation essence trade-off tradeoff
    longer faster shorter lower rest other ones like unlike yet also non-trivial nontrivial
    suboptimal sub-optimal so-called well-studied open-sourced opensourced publicly sota
"""
_IN_TERMS = "system fire interest computer front side bottom top bill mill thick thin system amount"
LY_NOUNS = frozenset({"anomaly", "assembly", "family", "supply", "monopoly", "fly", "butterfly"})

# Fair words inside a phrase ("graph neural network", "label noise") that say nothing alone.
_WEAK = """
    action activation agent algorithm algorithmic alignment annotation architecture artificial
    assumption attention attribute augmentation automated automatic background batch bayesian
    behavior behaviour bias big bound boundary budget change channel class classical
    classification classifier collection communication computation computational computer concept
    consistency constraint content context contextual continuous control controlled convergence
    corpus coverage criterion data decision deep dense density dependence dependency depth
    description detection deterministic device digital dimension dimensional discrete distance
    distributed distribution document domain downstream dual dynamic dynamics edge editing
    embedding encoder encoding end energy engine entity entropy environment equation error
    estimate estimation estimator event expert expression expressive extraction factor family
    feature feedback file filter final fine-tuning finetuning finite first fixed flow format
    frame function functional generalization generation generative generator geometry global
    gradient graph grid guidance head heterogeneous heuristic hidden hierarchical hierarchy high
    history human hybrid hyperparameter identification image implicit improvement index industry
    inference infinite information input instance instruction intelligence intelligent
    interaction interactive interface intermediate internal interpretable interpretation
    invariant item iteration iterative joint kernel knowledge label labeled labeling language
    large last latency latent law layer learner learning left length likelihood line linear
    link local location long loss low machine management map mapping market mask material
    mathematical matrix mechanism memory message mixture mode model modeling modelling modality
    module motion multi-task multi-modal multimodal multivariate natural network neural node
    noise noisy nonlinear non-linear norm normal object one online open operation operator
    optimization optimizer output pair parallel parameter parametric part partial patch path
    pattern perception period physical pixel plan planning platform player policy population
    posterior power pre-trained pretrained pre-training pretraining precision predict prediction
    predictive predictor preference principle probabilistic probability product profile program
    programming projection proof protocol proxy quantity quantum query random randomized raw
    real-time reasoning recall recognition reconstruction record region regression regular
    regularization relation relationship relative representation request resolution resource
    response retrieval reward right risk routing rule sample sampling scene schedule scheduling
    science scientific score search segment segmentation self-attention self-supervised semantic
    semantics semi-supervised sensor sentence sequence sequential service session set shape
    shared signal similarity simulation simulator single skill social software sound space sparse
    spatial speech speed split stability stable state statistical statistics stochastic storage
    stream structural structure structured student style subset sum supervised supervision
    surface symbol symmetric symmetry synthesis synthetic system table target teacher temporal
    template text textual theorem theoretical theory three threshold token top topic topology
    trace traffic trained training trajectory transfer transformation transition translation tree
    trust two understanding uncertainty unit unlabeled unseen unstructured unsupervised user
    value variable variance vector version video view virtual vision visual volume weight
    window word workflow world zero-shot few-shot fully open-source off-policy on-policy business
    consumer game process processing agreement equilibrium optimum minimum maximum estimating
    dynamical analytic analytical asymptotic convex nonparametric infinite-dimensional
    high-dimensional low-dimensional low-rank large-margin scalable scalability
    interpretability explainability explainable adaptive adaptation autonomous collaborative
    country health patient group life age state-space firm price training learning tuning ranking
    matching scaling test testing question answering answer support face time dataset evaluation
    benchmark problem complexity efficiency growth shift fine-grained quality design rate phase
    view position reading writing thinking field long-term short-term serving sharing calling
    filtering filling mining monitoring forecasting rendering tracking planning grounding editing
    routing pruning sensing parsing tagging captioning prompting coding decoding
    series proving restoration enhancement completion construction robustness report result
"""


def _forms(verb: str) -> set[str]:
    """A verb's forms that `word_key` leaves apart: base, past and -ing."""
    stem = verb.removesuffix("e")
    past = f"{stem[:-1]}ied" if stem.endswith("y") else f"{stem}ed"
    doubled = {f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing"}
    return {verb, past, f"{stem}ing", f"{stem}s", *doubled}


WEAK = frozenset(_WEAK.split())
BOILERPLATE = frozenset(_WORDS.split()) - WEAK
BREAKERS = (
    BOILERPLATE.union(*(_forms(verb) for verb in _VERBS.split()))
    | (ENGLISH_STOP_WORDS - frozenset(_IN_TERMS.split()))
) - WEAK

# Phrases that say no more than "this is a paper about machine learning".
GENERIC = frozenset(
    """
    artificial intelligence|artificial neural network|computational model|data driven|data set|
    deep learning|deep learning algorithm|deep learning model|deep model|deep network|
    deep neural network|foundation model|generative ai|input data|language processing|
    learning algorithm|learning model|learning rate|learning system|learning task|
    loss function|machine learning|machine learning algorithm|machine learning model|
    natural language|natural language processing|neural model|neural network|
    neural network architecture|neural network model|pretrained model|real time|test set|
    test time|training data|training set|training time|training process|time complexity|
    real data|synthetic data|model size|model parameter|model training|trained model|
    model architecture|data point|data source|target domain|source code
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
